"""An account that stops answering says where to look, and that nothing is lost."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runfleet.launch import AccountError, connect
from runfleet.patience import BackOff
from runfleet.storage.auto_storage import link_auto_storage
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


def test_a_storage_that_ends_is_told_with_the_way_on(
    home: Path,
    write_study: Callable[[str], Study],
    azurite: Any,
    gate: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("runfleet.storage.azure_blob._LOCAL_BACK_OFF", BackOff(outage_patience=0))
    link_auto_storage(home, replace(azurite, url=gate.url).connection_string)
    study = write_study('model: {command: "sleep 1000"}')
    with connect(home=home) as account:
        submission = account.submit(study)
        gate.shut()
        with pytest.raises(AccountError, match=r"cannot be read: .*: Connection refused") as caught:
            list(submission.watch())
    assert caught.value.hint == (
        "check the network and the account's URL; then run the study again: it goes on where it "
        "ended, and runs that are submitted go on meanwhile"
    )


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """A moment without a request is as good as many minutes."""
    monkeypatch.setattr("runfleet.azure.channel._IDLE_SECONDS", 0.0)


@pytest.mark.usefixtures("idle")
def test_an_emulator_that_ended_in_a_break_is_started_again(
    home: Path, write_study: Callable[[str], Study], stop: Callable[[], None]
) -> None:
    """Whatever was opened before goes on, again and again."""
    study = write_study("model: {command: echo 1}")
    with connect(home=home) as account:
        submission = account.submit(study)
        list(submission.watch())
        stop()
        assert list(submission.table()["state"]) == ["succeeded"]
        stop()
        assert account.submit(study).is_unchanged


@pytest.mark.usefixtures("idle")
def test_another_emulator_in_its_place_is_told(home: Path, stop: Callable[[], None]) -> None:
    """As one that was reset: it has another key."""
    with connect(home=home) as account:
        url = account.batch.endpoint
        stop()
        (home / "emulator/key").unlink()
        with pytest.raises(AccountError) as caught:
            account.studies()
    assert caught.value.message == (
        f"the emulator at {url} has ended, and the one in its place has another address or key"
    )
    assert caught.value.hint == "open the account again with `connect`"
