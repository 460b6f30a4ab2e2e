"""An account that stops answering says where to look, and that nothing is lost."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from runfleet.launch import AccountError, connect
from runfleet.study import Study


def test_an_emulator_that_ends_is_told_with_its_log(
    home: Path, write_study: Callable[[str], Study]
) -> None:
    """Whoever watches hears of it within seconds."""
    study = write_study('model: {command: "sleep 1000"}')
    with connect(home=home) as account:
        submission = account.submit(study)
        os.kill(json.loads((home / "emulator/endpoint.json").read_text())["pid"], signal.SIGKILL)
        with pytest.raises(AccountError, match="does not answer GET /jobs/") as caught:
            list(submission.watch())
    assert caught.value.hint == (
        f"look for the reason in its log, `{home / 'emulator/log.txt'}`; "
        "then run the study again: it goes on where it ended"
    )
