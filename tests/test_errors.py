"""What all parts say of errors in common."""

from __future__ import annotations

import errno

import pytest

from runfleet.errors import is_out_of_space


@pytest.mark.parametrize(
    ("code", "is_full"), [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EFBIG, False)]
)
def test_a_quota_is_space_as_a_disk_is(code: int, is_full: bool) -> None:
    """Who has used up his own has none, however much is left on the disk."""
    assert is_out_of_space(OSError(code, "")) is is_full
