"""An emulator of one's own, as tests of other programs have it."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from runfleet.emulator import EmulatorProcess
from runfleet.errors import RunfleetError


def test_why_it_does_not_start_is_told_also_before_it_logs(tmp_path: Path) -> None:
    with (
        pytest.raises(RunfleetError) as raised,
        EmulatorProcess(tmp_path, options=["--nonsense"]),
    ):
        pass
    what, *_, reason = raised.value.message.splitlines()
    assert what == f"the emulator in `{tmp_path}` did not start"
    assert reason.endswith("unrecognized arguments: --nonsense")
    assert raised.value.hint == f"its log is `{tmp_path}/emulator/log.txt`"


def test_why_it_does_not_start_is_told_by_the_end_of_its_log(tmp_path: Path) -> None:
    (tmp_path / "emulator/state.db").mkdir(parents=True)
    (tmp_path / "emulator/log.txt").write_text("of an earlier one\n")
    with pytest.raises(RunfleetError, match="cannot be used") as raised:
        EmulatorProcess(tmp_path).start()
    assert "earlier" not in raised.value.message


def test_nothing_runs_on_where_the_wait_for_it_is_cut_short(tmp_path: Path) -> None:
    """As by the time-out of a test, or by Ctrl-C."""

    emulator = EmulatorProcess(tmp_path)

    def interrupt(*_: object) -> None:
        if hasattr(emulator, "process"):
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise TimeoutError

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
    try:
        with pytest.raises(TimeoutError):
            emulator.start()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert emulator.process.poll() is not None
