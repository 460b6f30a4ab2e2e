"""Keys of accounts, of storage and Batch alike, as the portal shows them."""

from __future__ import annotations

import base64

from runfleet.errors import RunfleetError


class KeyFormatError(RunfleetError):
    """A key that nothing can be signed with."""


def check_key(key: str, owner: str) -> None:
    """
    Refuse a key that an SDK could not sign with; it would raise a foreign error later.

    Parameters
    ----------
    key
        The key, which no message repeats.
    owner
        The account, in what is told of it.

    Raises
    ------
    KeyFormatError
        If it is empty, or not in base64.
    """
    if not key:
        raise KeyFormatError(f"the key of {owner} is empty", hint="copy it from the portal")
    try:
        base64.b64decode(key, validate=True)
    except ValueError as error:
        raise KeyFormatError(
            f"the key of {owner} is not in base64",
            hint="copy the whole key, with the equals signs at its end",
        ) from error
