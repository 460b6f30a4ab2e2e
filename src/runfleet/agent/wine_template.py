"""What Wine takes for a Windows machine: made once, then shared by links among all nodes."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeAlias

from runfleet.agent import launch, wine
from runfleet.agent.failures import ExecutionError, from_os_error
from runfleet.agent.processes import Processes
from runfleet.home import AgentFolders

# Nobody is there to debug a program that crashes: it ends at once.  Without any entry Wine would
# start its own debugger.
_DEBUGGER = r"HKLM\Software\Microsoft\Windows NT\CurrentVersion\AeDebug"
# Wine's PowerShell does nothing, and says that it has succeeded.
_POWERSHELLS = "drive_c/windows/sys*/WindowsPowerShell"
# Without its server, which somebody may have killed, Wine waits for ever.
_SECONDS = 90
_MAKE = f"""\
set -e
timeout -k 1 {_SECONDS} wine wineboot --init
wine reg add '{_DEBUGGER}' /v Debugger /d none /f
wine winecfg -v win10
rm -rf {_POWERSHELLS}
wineserver -k
wineserver -w
"""
_ATTEMPTS = 5
_RECIPE = "recipe"
_NOT_MADE = (
    "Wine could not make a Windows for this machine: see what `WINEPREFIX=/tmp/new wineboot` says, "
    "and start the emulator again"
)
# Registries are written to; the time stamp keeps Wine from bringing a new prefix up to date.
_COPIED = ("system.reg", "user.reg", "userdef.reg", ".update-timestamp")

OnReady: TypeAlias = Callable[[Exception | None], None]


class Template:
    """
    Makes the template when the first task of a Windows node needs it.

    Parameters
    ----------
    folders
        Where it is, and where it is made.
    """

    def __init__(self, folders: AgentFolders) -> None:
        self._folder = os.fspath(folders.wine)
        self._draft = os.fspath(folders.wine_draft)
        self._waiting: list[OnReady] = []
        self._lock = threading.Lock()
        self._errand = 0
        self._attempts_left = 0

    def await_ready(self, processes: Processes, then: OnReady) -> None:
        """
        Go on at once, or when the template has been made; `then` hears why it could not be.

        Raises
        ------
        ExecutionError
            If Wine is not installed, or cannot be started.
        """
        if self._is_there():
            then(None)
            return
        if not self._waiting:
            self._attempts_left = _ATTEMPTS
            self._make(processes)
        self._waiting.append(then)

    def make_prefix(self, prefix: str, node_root: str) -> None:
        """
        Make a prefix, on the drive C of its node.

        Raises
        ------
        ExecutionError
            If there is no template, or no space.
        """
        with _naming(prefix):
            self._make_drive(wine.drive_of(node_root))
            os.makedirs(prefix + "/dosdevices")
            for name in _COPIED:
                shutil.copyfile(f"{self._folder}/{name}", f"{prefix}/{name}")
            for drive, folder in wine.drives(node_root).items():
                os.symlink(folder, f"{prefix}/dosdevices/{drive}:")

    def _make_drive(self, drive: str) -> None:
        with self._lock:
            if os.path.isdir(drive):
                return
            draft = drive + ".partial"
            shutil.rmtree(draft, ignore_errors=True)
            source = f"{self._folder}/drive_c"
            shutil.copytree(source, draft, symlinks=True, copy_function=_link)
            os.rename(draft, drive)

    def _is_there(self) -> bool:
        """Tell whether there is one, and not of another version of ours."""
        try:
            with open(f"{self._folder}/{_RECIPE}") as recipe:
                return recipe.read() == _MAKE
        except FileNotFoundError:
            return False

    def _make(self, processes: Processes) -> None:
        self._attempts_left -= 1
        on_exit = partial(self._on_made, processes)
        with _naming(self._draft):
            self._errand = processes.add_errand(self._begin(), self._draft, on_exit)

    def _begin(self) -> int:
        """Start making it; whoever waits until it is done has all its processes ended."""
        wine.remove_prefix(self._draft)
        os.makedirs(self._draft)
        base = launch.base_environment(os.environ)
        if not wine.is_installed(base["PATH"]):
            raise ExecutionError("CommandLaunchFailed", Message=wine.MISSING)
        # Neither menus nor what would ask for a download.
        quiet = {"WINEDLLOVERRIDES": "winemenubuilder.exe,mscoree,mshtml="}
        environment = wine.settings(base, self._draft) | quiet
        return wine.launch_silently(["sh", "-c", _MAKE], environment, self._draft)

    def _on_made(self, processes: Processes, exit_code: int) -> None:
        processes.end_errand(self._errand, self._draft)
        wine.remove_server_folders(self._draft)
        error = None
        try:
            if exit_code == 0 and os.path.exists(f"{self._draft}/system.reg"):
                self._keep()
            elif self._attempts_left:
                self._make(processes)
                return
            else:
                error = ExecutionError("CommandLaunchFailed", Message=_NOT_MADE)
        except ExecutionError as caught:
            error = caught
        waiting, self._waiting = self._waiting, []
        for then in waiting:
            then(error)

    def _keep(self) -> None:
        with _naming(self._folder):
            with open(f"{self._draft}/{_RECIPE}", "w") as recipe:
                recipe.write(_MAKE)
            shutil.rmtree(self._folder, ignore_errors=True)
            os.rename(self._draft, self._folder)


@contextmanager
def _naming(folder: str) -> Iterator[None]:
    """Name the folder that cannot be made."""
    try:
        yield
    except OSError as error:
        raise from_os_error(error, "ResourceDirectoryCreateFailed", DirectoryPath=folder) from error


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target
