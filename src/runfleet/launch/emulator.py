"""The emulator behind the account `local`: found, or started."""

from __future__ import annotations

import base64
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

from runfleet.announcement import Announcement, announced_holder, read_holder, read_key
from runfleet.emulator_start import PATIENCE_SECONDS, PAUSE_SECONDS, EmulatorStart
from runfleet.home import Folders, advice_on_foreign
from runfleet.launch.errors import AccountError

STORAGE_VARIABLE = "RUNFLEET_EMULATOR_STORAGE"
"""Names the storage account of an emulator that is started."""

_RESTART_SECONDS = 0.5
_ANSWER_SECONDS = 5.0


# No dataclass, which takes a millisecond to make: this is imported before an emulator starts.
class Endpoint(NamedTuple):
    """
    Where the emulator listens.

    Parameters
    ----------
    url
        On this machine's loopback.
    account
        The name of its Batch account.
    key
        The account's key, base64.
    ca_file
        The certificate to trust for TLS; None where the URL is none of https.
    faults
        What goes wrong there on demand.
    """

    url: str
    account: str
    key: str
    ca_file: str | None = None
    faults: tuple[str, ...] = ()


class Emulator:
    """
    The emulator of a home folder.

    Parameters
    ----------
    home
        See `runfleet.home`; its state is in `emulator/` there.
    options
        Further options of `python -m runfleet.emulator`, for one that has to be started.
    storage
        The storage account that such a one is linked with from then on, see `link_auto_storage`;
        None for the one that is linked.
    patience, answer_patience
        For how many seconds it is waited for, and for each of its answers.
    """

    def __init__(
        self,
        home: Path,
        options: Sequence[str] = (),
        *,
        storage: str | None = None,
        patience: float = PATIENCE_SECONDS,
        answer_patience: float = _ANSWER_SECONDS,
    ) -> None:
        self._folders = Folders(home)
        self._options = tuple(options)
        self._storage = storage
        self._patience = patience
        self._answer_patience = answer_patience
        self._started: EmulatorStart | None = None
        self._hanging: int | None = None
        self._found_another = False

    @property
    def log(self) -> Path:
        """What it has to say, unless it was started to say so on a terminal."""
        return self._folders.log

    def begin(self) -> None:
        """
        Start it unless it answers, and do not wait: it starts while the caller does other things.

        Called again meanwhile, it does nothing.

        Raises
        ------
        AccountError
            On Windows, where it cannot run; or if its folder cannot be made, or written to.
        """
        if not self._is_starting() and self.endpoint() is None:
            self._start()

    def wait(self) -> Endpoint:
        """
        Wait until it answers.

        Raises
        ------
        AccountError
            If it ends instead, or takes too long; with the end of its log.
        """
        deadline = time.monotonic() + self._patience
        while time.monotonic() < deadline:
            endpoint = self.endpoint()
            if endpoint is not None:
                # Its end is no failure to start from now on.
                self._started = self._hanging = None
                self._found_another = False
                return endpoint
            self._look_after()
            time.sleep(PAUSE_SECONDS)
        what = f"the emulator did not answer within {self._patience:.0f} seconds"
        # One that was started ends at once only where another holds the lock.
        silent = read_holder(self._folders.lock) if self._found_another else None
        pid = self._hanging or silent
        if pid is not None:
            raise AccountError(what, hint=way_to_end(pid))
        raise self._failure(what)

    def endpoint(self) -> Endpoint | None:
        """
        Tell where it listens; None if it does not answer.

        Raises
        ------
        AccountError
            If it answers, and its key cannot be read.
        """
        found = Announcement.read(self._folders.endpoint)
        if found is None:
            return None
        # Imported late, as are others here: where there is nobody to ask, an emulator is started,
        # and starts while the rest is imported.
        from runfleet.launch.batch_service import answers

        key = base64.b64encode(read_key(self._folders.key) or b"").decode()
        endpoint = Endpoint(found.url, found.account, key, found.ca_file, found.faults)
        try:
            if not answers(endpoint.url, endpoint.ca_file, self._answer_patience):
                return None
        except TimeoutError:
            self._note_hanging()
            return None
        if key:
            return endpoint
        if not self._folders.key.exists():  # all of it is being deleted
            return None
        raise AccountError(
            f"the key of the emulator is damaged: `{self._folders.key}`",
            hint="`runfleet emulator stop` stops it, and the next command starts it with another "
            "key; what is running starts anew",
        )

    def search_path(self) -> str | None:
        """Tell the PATH of its tasks: that with which it was started; None if nobody can tell."""
        own = os.environ.get("PATH", os.defpath)
        found = Announcement.read(self._folders.endpoint)
        if found is None:  # it will have our own
            return own
        theirs = _search_path_of(found.pid)
        # It is asked whether it runs only where that makes a difference.
        return own if own == theirs or self.endpoint() is None else theirs

    def _note_hanging(self) -> None:
        """Tell once that an emulator holds the port, and says nothing there."""
        import logging

        pid = announced_holder(self._folders.endpoint, self._folders.lock)
        if pid is not None and self._hanging != pid:
            self._hanging = pid
            log = logging.getLogger(__name__)
            log.warning("the emulator (process %d) does not answer; %s", pid, way_to_end(pid))

    def _start(self) -> None:
        refuse_windows()
        with self._may_fail("made"):
            self._folders.make_state()
        with self._may_fail("written to"):
            if self._storage is not None:
                from runfleet.storage.auto_storage import link_auto_storage

                link_auto_storage(self._folders.home, self._storage)
            # Detached, so that Ctrl-C here does not end the runs there.
            self._started = EmulatorStart(self._folders, self._options, detached=True)

    @contextmanager
    def _may_fail(self, done: str) -> Iterator[None]:
        """Say which folder it is that something cannot be done to."""
        home = self._folders.home
        try:
            yield
        except OSError as error:
            if error.filename is None:  # no process can be started: that is not the folder's fault
                raise
            raise AccountError(
                f"the folder `{home}`, in which runfleet keeps its state, cannot be {done}: "
                f"{error.strerror}: `{error.filename}`",
                hint=advice_on_foreign(error, home)
                or "set RUNFLEET_HOME to a folder that you may write to",
            ) from error

    def _is_starting(self) -> bool:
        return self._started is not None and self._started.process.poll() is None

    def _look_after(self) -> None:
        """See what became of the process that was started."""
        if self._started is None:
            self._start()
            return
        exit_code = self._started.process.poll()
        if exit_code:
            raise self._failure(f"the emulator ended with exit code {exit_code}")
        if exit_code == 0:
            # Another one holds the lock: it is about to answer, or just about to end.
            self._found_another = True
            time.sleep(_RESTART_SECONDS)
            if self.endpoint() is None:
                self._start()

    def _failure(self, what: str) -> AccountError:
        text = what if self._started is None else self._started.explain(what)
        return AccountError(text, hint=f"its log is `{self.log}`")


def _search_path_of(pid: int) -> str | None:
    """Read the PATH with which a process was started; None if nobody may know."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return None
    lines = os.fsdecode(environment).split("\0")
    own = (line.removeprefix("PATH=") for line in lines if line.startswith("PATH="))
    return next(own, os.defpath)


def way_to_end(pid: int) -> str:
    """Advise what to do about an emulator that hangs: it reads no signal that asks it to stop."""
    return f"`kill -9 {pid}` ends it, and what was running starts anew with the next command"


@cache
def emulator_of(home: Path) -> Emulator:
    """
    Find the emulator of a home folder: one object for all, so that it is started once.

    Should it have to be started, its storage account is that of `RUNFLEET_EMULATOR_STORAGE`.
    """
    return Emulator(home, storage=os.environ.get(STORAGE_VARIABLE))


def refuse_windows() -> None:
    """Raise `AccountError` on Windows, where the emulator cannot run."""
    if sys.platform == "win32":
        raise AccountError(
            "the emulator needs Linux, so the account `local` cannot be used on Windows",
            hint="run it in WSL (`wsl --install`), where everything else works too",
        )
