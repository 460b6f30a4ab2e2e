"""Requests about the files of tasks and nodes."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from runfleet.agent.folders import make_node
from runfleet.agent.spelling import as_on_disk
from runfleet.batch.errors import BatchRuleError
from runfleet.batch.records import Task
from runfleet.batch.states import NodeState, OsType
from runfleet.batch.texts import as_utf8
from runfleet.emulator.answers import Answer, FileAnswer
from runfleet.emulator.handlers.tasks import find_task
from runfleet.emulator.node_roots import node_root
from runfleet.emulator.service import Service
from runfleet.wire import fields, files
from runfleet.wire.conditions import check_conditions
from runfleet.wire.errors import invalid_property
from runfleet.wire.files import FileInfo
from runfleet.wire.paging import list_json
from runfleet.wire.requests import Request
from runfleet.wire.responses import Response, respond, standard_headers
from runfleet.wire.shapes import task_directory

_OUT_OF_REACH = {NodeState.DEALLOCATED, NodeState.PREEMPTED, NodeState.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Folder:
    """
    What the file names of a request are relative to.

    Parameters
    ----------
    path, url
        Where it is, and how clients name it.
    os_type
        What its node runs.
    """

    path: Path
    url: str
    os_type: OsType


def task_folder(service: Service, request: Request) -> Folder:
    """The folder of a task on the node that runs it or ran it."""
    task = find_task(service, request).task
    if task.files_removed:
        raise BatchRuleError("TaskFilesCleanedup")
    path = _task_path(service, task)
    if path is None or not path.is_dir():
        raise BatchRuleError("TaskFilesUnavailable")
    url = f"{request.base}/jobs/{task.job_id}/tasks/{task.task_id}/files"
    return Folder(path, url, service.os_type(task.pool_id))


def _task_path(service: Service, task: Task) -> Path | None:
    """Where the folder of a task is, unless it has not run or its node has no machine now."""
    if task.pool_id is None or task.node_id is None:
        return None
    pool = service.engine.state.pools.get(task.pool_id.lower())
    node = pool.nodes.get(task.node_id.lower()) if pool else None
    if node is not None and node.node.state in _OUT_OF_REACH:
        return None
    return node_root(service.folders, task.node_id) / task_directory(task.job_id, task.task_id)


def node_folder(service: Service, request: Request) -> Folder:
    """The root folder of a node."""
    pool_id, node_id = request.parameters["pool_id"], request.parameters["node_id"]
    node = service.engine.state.node(pool_id, node_id).node
    if node.state in _OUT_OF_REACH:
        raise BatchRuleError("NodeStateUnusable")
    path = node_root(service.folders, node.node_id)
    if node.boot_time is not None:
        # One that has run nothing yet has its folders, too.
        make_node(str(path))
    url = f"{request.base}/pools/{node.pool_id}/nodes/{node.node_id}/files"
    return Folder(path, url, service.os_type(node.pool_id))


def walk(folder: Path, *, recursive: bool, below: str = "") -> Iterator[FileInfo]:
    """The files and folders in a folder, each folder before what is in it."""
    try:
        entries = sorted(os.scandir(folder / below), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in entries:
        name = f"{below}/{entry.name}" if below else entry.name
        info = _info(name, folder / name)
        # What is only linked to from here cannot be read either.
        if info is None or (entry.is_symlink() and not _is_within(folder, name)):
            continue
        yield info
        if recursive and entry.is_dir(follow_symlinks=False):
            yield from walk(folder, recursive=True, below=name)


def _info(name: str, path: Path) -> FileInfo | None:
    """What a list says of a file; nothing of pipes and the like, which have no content to read."""
    try:
        facts = path.stat()
    except (OSError, ValueError):
        return None
    is_directory = stat.S_ISDIR(facts.st_mode)
    if not (is_directory or stat.S_ISREG(facts.st_mode)):
        return None
    return FileInfo(
        name=name,
        is_directory=is_directory,
        size=facts.st_size,
        last_modified=datetime.fromtimestamp(facts.st_mtime, UTC),
        mode=facts.st_mode,
    )


def _find(folder: Folder, request: Request) -> tuple[FileInfo, Path]:
    """The file that a request names, which never lies outside the folder."""
    name = _spelled(folder, request.parameters["path"])
    path = folder.path / name
    info = _info(name, path)
    if info is None or not _is_within(folder.path, name):
        raise BatchRuleError("FileNotFound")
    check_conditions(request, info.last_modified)
    return info, path


def _spelled(folder: Folder, asked: str) -> str:
    """Spell a name as the file is: on Windows it is found in any case, by either separator."""
    if folder.os_type is not OsType.WINDOWS:
        return asked.strip("/")
    name = asked.replace("\\", "/").strip("/")
    if ".." in name:
        return name
    return as_on_disk(f"{folder.path}/{name}").removeprefix(f"{folder.path}/")


def _is_within(folder: Path, name: str) -> bool:
    """Tell whether a name is that of something in a folder: `./` is the folder itself."""
    parts = Path(name).parts
    if not parts or ".." in parts:
        return False
    return (folder / name).resolve().is_relative_to(folder.resolve())


def _properties(folder: Folder, request: Request) -> Response:
    info, _ = _find(folder, request)
    return Response(200, _headers(folder, request, info) | {"Content-Length": str(info.size)})


def _download(folder: Folder, request: Request) -> Answer:
    info, path = _find(folder, request)
    if info.is_directory:
        name = as_utf8(info.name)
        raise invalid_property("filePath", name, "names a folder, which has no content")
    part = files.parse_range(request.headers.get("ocp-range"), info.size)
    # A part is answered with 200, not 206: the clients take nothing else.
    headers = _headers(folder, request, info) | {"Content-Length": str(part.length)}
    response = Response(200, headers)
    return FileAnswer(response, _open(path, part.offset), part.length)


def _headers(folder: Folder, request: Request, info: FileInfo) -> dict[str, str]:
    of_file = files.file_headers(info, url=request.url, os_type=folder.os_type)
    return standard_headers(request) | of_file


def _open(path: Path, offset: int) -> BinaryIO:
    try:
        file = path.open("rb")
    except OSError as error:
        raise BatchRuleError("FileNotFound") from error
    file.seek(offset)
    return file


def _delete(folder: Folder, request: Request) -> Response:
    info, path = _find(folder, request)
    if path.is_symlink() or not info.is_directory:
        path.unlink()
    elif request.flag("recursive"):
        shutil.rmtree(path)
    else:
        _remove_empty(path)
    return respond(request)


def _remove_empty(path: Path) -> None:
    try:
        path.rmdir()
    except OSError as error:
        raise BatchRuleError("OperationInvalidForCurrentState") from error


def _list(folder: Folder, request: Request) -> Response:
    found = sorted(walk(folder.path, recursive=request.flag("recursive")), key=_key)
    shapes = (
        (_key(info), files.file_json(info, folder_url=folder.url, os_type=folder.os_type))
        for info in found
    )
    return respond(request, list_json(request, "files", fields.FILES, shapes))


def _key(info: FileInfo) -> str:
    """The bytes of a name, a character each: the name itself need not fit into a link."""
    return os.fsencode(info.name).decode("latin-1")


async def list_task_files(service: Service, request: Request) -> Response:
    """List the files of a task."""
    return _list(task_folder(service, request), request)


async def list_node_files(service: Service, request: Request) -> Response:
    """List the files of a node."""
    return _list(node_folder(service, request), request)


async def download_task_file(service: Service, request: Request) -> Answer:
    """Read a file of a task, or a part of it."""
    return _download(task_folder(service, request), request)


async def get_task_file_properties(service: Service, request: Request) -> Response:
    """Describe a file of a task."""
    return _properties(task_folder(service, request), request)


async def delete_task_file(service: Service, request: Request) -> Response:
    """Delete a file or folder of a task."""
    return _delete(task_folder(service, request), request)


async def download_node_file(service: Service, request: Request) -> Answer:
    """Read a file of a node, or a part of it."""
    return _download(node_folder(service, request), request)


async def get_node_file_properties(service: Service, request: Request) -> Response:
    """Describe a file of a node."""
    return _properties(node_folder(service, request), request)


async def delete_node_file(service: Service, request: Request) -> Response:
    """Delete a file or folder of a node."""
    return _delete(node_folder(service, request), request)
