"""An emulator of one's own, for tests of programs that use Azure Batch."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from runfleet.announcement import Announcement
from runfleet.emulator_start import PATIENCE_SECONDS, PAUSE_SECONDS, EmulatorStart
from runfleet.errors import RunfleetError
from runfleet.faults import Fault
from runfleet.home import Folders


class EmulatorProcess:
    """
    A Batch emulator that lives as long as a `with` block, on a free port of this machine.

    Parameters
    ----------
    home
        The folder that holds everything; an emulator started in the same folder later goes on where
        this one has ended.
    faults
        What shall go wrong: a list, or the path of a file as `runfleet emulator start --faults`
        takes it.
    seed
        Of a list of faults: other seeds give other faults, the same one the same.
    options
        Further options of `python -m runfleet.emulator`.

    Attributes
    ----------
    url, account, key
        What a client needs; the key is in base64.
    ca_file
        The certificate that a client has to trust; None unless `options` holds `--tls`.
    process
        The emulator's process.

    Raises
    ------
    RunfleetError
        On entering the block, if it does not start; with the end of its log.

    Examples
    --------
    >>> with EmulatorProcess(tmp_path, [Fault(FaultKind.BUSY, probability=0.1)]) as emulator:
    ...     credential = AzureNamedKeyCredential(emulator.account, emulator.key)
    ...     client = BatchClient(emulator.url, credential)
    """

    url: str
    account: str
    key: str
    ca_file: str | None
    process: subprocess.Popen[bytes]

    def __init__(
        self,
        home: Path | str,
        faults: Sequence[Fault] | Path | str = (),
        *,
        seed: int = 0,
        options: Sequence[str] = (),
    ) -> None:
        self.home = Path(home)
        self._folders = Folders(self.home.absolute())
        self._faults = faults
        self._seed = seed
        self._options = options

    @property
    def log(self) -> Path:
        """What it writes about itself."""
        return self._folders.log

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, and wait until it serves."""
        self._folders.make_state()
        options = [*self._fault_options(), *self._options]
        started = EmulatorStart(self._folders, options, detached=False)
        self.process = started.process
        try:
            self._wait(started)
        except BaseException:
            # As where the time-out of a test ends the wait: nobody leaves a block then.
            self.stop()
            raise

    def _wait(self, started: EmulatorStart) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._is_announced():
            if self.process.poll() is not None or time.monotonic() > deadline:
                what = started.explain(f"the emulator in `{self.home}` did not start")
                raise RunfleetError(what, hint=f"its log is `{self.log}`")
            time.sleep(PAUSE_SECONDS)
        self.key = self._folders.key.read_text()

    def stop(self) -> None:
        """Stop it with all that it runs, and wait until it is gone."""
        self.process.terminate()
        try:
            self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _fault_options(self) -> list[str]:
        if isinstance(self._faults, (Path, str)):
            return ["--faults", str(Path(self._faults).absolute())]
        if not self._faults:
            return []
        self._folders.faults.write_text(
            json.dumps({"seed": self._seed, "faults": list(map(_chosen, self._faults))})
        )
        return ["--faults", str(self._folders.faults)]

    def _is_announced(self) -> bool:
        found = Announcement.read(self._folders.endpoint)
        if found is None or found.pid != self.process.pid:
            return False
        self.url, self.account, self.ca_file = found.url, found.account, found.ca_file
        return True


def _chosen(fault: Fault) -> dict[str, object]:
    """Write of a fault what differs from what a fault file takes for granted."""
    usual = asdict(Fault(fault.fault))
    return {
        key: value for key, value in asdict(fault).items() if key == "fault" or value != usual[key]
    }
