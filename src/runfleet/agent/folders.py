"""The folders of nodes and tasks."""

from __future__ import annotations

import os
from contextlib import suppress

from runfleet.agent.failures import from_os_error
from runfleet.agent.messages import Execute
from runfleet.agent.trash import Trash, regain

_JOBS = "workitems"
_NODE_FOLDERS = ("applications", "fsmounts", "shared", "startup", "volatile", _JOBS)


def make_node(root: str) -> None:
    """Make the folders that every node has, as far as they are not there."""
    for name in _NODE_FOLDERS:
        os.makedirs(f"{root}/{name}", exist_ok=True)


class NodeFolders:
    """
    Makes the folders of nodes and tasks, and takes them away.

    Parameters
    ----------
    trash
        Where they go.
    """

    def __init__(self, trash: Trash) -> None:
        self._trash = trash
        self._nodes: set[str] = set()

    def prepare(self, message: Execute) -> bool:
        """
        Make what an execution needs; return whether its folder is new and thus empty.

        Raises
        ------
        ExecutionError
            If that cannot be done.
        """
        folder = f"{message.node_root}/{message.directory}"
        try:
            self._make_node(message.node_root)
            if message.keep_directory and os.path.isdir(folder + "/wd"):
                regain(folder)  # new logs are to come there
                return False
            task_folder = f"{message.node_root}/{_task_directory(message)}"
            self._make_empty(task_folder)
            if folder != task_folder:
                os.mkdir(folder)
            os.mkdir(folder + "/wd")
        except OSError as error:
            raise from_os_error(
                error, "ResourceDirectoryCreateFailed", DirectoryPath=folder
            ) from error
        return True

    def remove(self, path: str) -> None:
        """Take a folder away with all that is in it."""
        self._nodes = {node for node in self._nodes if not _is_within(node, path)}
        self._trash.take(path)
        parent = os.path.dirname(path)
        # A job's folder lies in one of its own, or in its schedule's, where others may be.
        if os.path.basename(os.path.dirname(parent)) == _JOBS:
            with suppress(OSError):
                os.rmdir(parent)

    def _make_node(self, root: str) -> None:
        if root not in self._nodes:
            make_node(root)
            self._nodes.add(root)

    def _make_empty(self, folder: str) -> None:
        try:
            self._try_to_make_empty(folder)
        except PermissionError:
            # Another task may have taken the rights to folders that are not its own.
            regain(os.path.dirname(folder))
            self._try_to_make_empty(folder)

    def _try_to_make_empty(self, folder: str) -> None:
        try:
            os.mkdir(folder)
        except FileNotFoundError:
            os.makedirs(folder)
        except FileExistsError:
            self._trash.take(folder)
            os.mkdir(folder)


def _task_directory(message: Execute) -> str:
    coordination = message.coordination
    return message.directory if coordination is None else coordination.directory


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
