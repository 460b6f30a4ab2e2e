"""What Wine takes for a Windows machine: made once, then shared by links among all nodes."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable

from runfleet.agent import launch, wine
from runfleet.agent.failures import ExecutionError, from_os_error
from runfleet.agent.messages import Execute
from runfleet.agent.processes import Processes

_MAKE = "wine wineboot --init; wineserver -k; wineserver -w"
# Registries are written to; the time stamp keeps Wine from bringing a new prefix up to date.
_COPIED = ("system.reg", "user.reg", "userdef.reg", ".update-timestamp")


class Template:
    """
    Makes the template when the first task of a Windows node needs it.

    Parameters
    ----------
    state
        The state folder; the template is in its folder ``wine``.
    """

    def __init__(self, state: str) -> None:
        self._folder = state + "/wine"
        self._draft = state + "/wine.partial"
        self._waiting: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def await_ready(self, processes: Processes, then: Callable[[], None]) -> None:
        """
        Go on at once, or when the template has been made or could not be.

        Raises
        ------
        ExecutionError
            If Wine is not installed.
        """
        if os.path.isdir(self._folder):
            then()
            return
        if not self._waiting:
            processes.add_errand(self._begin(), self._draft, self._on_made)
        self._waiting.append(then)

    def make_prefix(self, message: Execute) -> None:
        """
        Make an execution's own prefix, on the drive C of its node.

        Raises
        ------
        ExecutionError
            If there is no template, or no space.
        """
        prefix = wine.prefix_of(message)
        try:
            self._make_drive(wine.drive_of(message.node_root))
            os.makedirs(prefix + "/dosdevices")
            for name in _COPIED:
                shutil.copyfile(f"{self._folder}/{name}", f"{prefix}/{name}")
            for drive, folder in wine.drives(message.node_root).items():
                os.symlink(folder, f"{prefix}/dosdevices/{drive}:")
        except OSError as error:
            raise from_os_error(
                error, "ResourceDirectoryCreateFailed", DirectoryPath=prefix
            ) from error

    def _make_drive(self, drive: str) -> None:
        with self._lock:
            if os.path.isdir(drive):
                return
            draft = drive + ".partial"
            shutil.rmtree(draft, ignore_errors=True)
            source = f"{self._folder}/drive_c"
            shutil.copytree(source, draft, symlinks=True, copy_function=_link)
            os.rename(draft, drive)

    def _begin(self) -> int:
        """Start making it; whoever waits until it is done has all its processes ended."""
        shutil.rmtree(self._draft, ignore_errors=True)
        os.makedirs(self._draft)
        base = launch.base_environment(os.environ)
        if not wine.is_installed(base["PATH"]):
            raise ExecutionError("CommandLaunchFailed", Message=wine.MISSING)
        environment = wine.settings(base, self._draft) | {
            "AZ_BATCH_TASK_DIR": self._draft,
            # Neither menus nor what would ask for a download.
            "WINEDLLOVERRIDES": "winemenubuilder.exe,mscoree,mshtml=",
        }
        with open(os.devnull, "r+b") as nowhere:
            streams = [nowhere.fileno()] * 3
            return launch.launch_beside(["sh", "-c", _MAKE], environment, self._draft, streams)

    def _on_made(self, exit_code: int) -> None:
        wine.remove_server_folders(self._draft)
        if exit_code == 0 and os.path.exists(f"{self._draft}/system.reg"):
            os.rename(self._draft, self._folder)
        waiting, self._waiting = self._waiting, []
        for then in waiting:
            then()


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target
