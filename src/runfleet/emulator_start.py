"""How an emulator is started, and what it says of itself from then on."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from runfleet.home import Folders
from runfleet.interpreter import module_command

PATIENCE_SECONDS = 30.0
"""How long an emulator is waited for that has been started."""

PAUSE_SECONDS = 0.005
"""How often one looks whether it serves; it does so within half a second."""

_LOG_LINES = 15


def emulator_command(home: Path, options: Sequence[str]) -> list[str]:
    """Write the command that serves a home folder, with further options of the module."""
    return [*module_command("runfleet.emulator"), "--home", str(home), *options]


class EmulatorStart:
    """
    An emulator that is being started: its process, and where its log begins.

    Parameters
    ----------
    folders
        Those of its home folder; its own one has been made, see `Folders.make_state`.
    options
        Further options of `python -m runfleet.emulator`.
    detached
        Whether it lives on when the terminal is closed on which it is started, and does not hear
        Ctrl-C there.
    """

    def __init__(self, folders: Folders, options: Sequence[str], *, detached: bool) -> None:
        self._file = folders.log
        # What it says before it logs, such as of wrong options, is in its log, too.
        with self._file.open("ab") as file:
            self._before = file.tell()
            self.process = subprocess.Popen(
                emulator_command(folders.home, options),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                cwd=folders.state if detached else None,
                start_new_session=detached,
            )

    def explain(self, what: str) -> str:
        """Add the end of its log to what went wrong, without what earlier ones have logged."""
        return "\n".join([what, *self._logged().splitlines()[-_LOG_LINES:]])

    def _logged(self) -> str:
        try:
            content = self._file.read_bytes()
        except OSError:
            return ""
        # One that has become too long was put aside at the start, and a new one begun.
        before = self._before if self._before <= len(content) else 0
        return content[before:].decode(errors="replace")
