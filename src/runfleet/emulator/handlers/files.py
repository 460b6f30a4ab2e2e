"""Requests about the files of tasks and nodes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from runfleet.agent.folders import make_node
from runfleet.agent.names_on_disk import as_on_disk
from runfleet.batch.errors import BatchRuleError
from runfleet.batch.records import Task
from runfleet.batch.states import NodeState, OsType
from runfleet.batch.texts import as_utf8
from runfleet.emulator.answers import Answer, FileAnswer
from runfleet.emulator.handlers.tasks import find_task
from runfleet.emulator.node_files import (
    file_info,
    is_within,
    remove_entry,
    remove_folder,
    walk,
)
from runfleet.emulator.node_roots import node_root
from runfleet.emulator.service import Service
from runfleet.wire import fields, files
from runfleet.wire.conditions import check_conditions
from runfleet.wire.errors import invalid_property
from runfleet.wire.files import FileInfo
from runfleet.wire.paging import ListQuery, Page, page_json, read_list_query, select_page
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


def _find(folder: Folder, request: Request) -> tuple[FileInfo, Path]:
    """The file that a request names, which never lies outside the folder."""
    asked = request.parameters["path"]
    name = _spelled(folder, asked)
    path = folder.path / name
    info = file_info(folder.path, name)
    if info is None or not is_within(folder.path, name):
        raise BatchRuleError("FileNotFound")
    if asked.endswith("/") and not info.is_directory:
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


async def _delete(folder: Folder, request: Request) -> Response:
    info, path = _find(folder, request)
    is_recursive = request.flag("recursive")
    is_folder = info.is_directory and not path.is_symlink()
    if is_folder and is_recursive:
        # There may be very many files in it, and meanwhile others ask, too.
        is_gone = await asyncio.to_thread(remove_folder, path)
    else:
        is_gone = remove_entry(path, is_folder=is_folder)
    if not is_gone:
        raise BatchRuleError("OperationInvalidForCurrentState")
    return respond(request)


async def _list(folder: Folder, request: Request) -> Response:
    query = read_list_query(request, fields.FILES)
    # There may be very many of them, and meanwhile others ask, too.
    is_recursive = request.flag("recursive")
    page = await asyncio.to_thread(_page, folder, query, recursive=is_recursive)
    return respond(request, page_json(request, "files", page, query))


def _page(folder: Folder, query: ListQuery, *, recursive: bool) -> Page:
    shapes = (
        (key, files.file_json(info, folder_url=folder.url, os_type=folder.os_type))
        for key, info in walk(folder.path, recursive=recursive, after=query.after)
    )
    return select_page(shapes, query)


async def list_task_files(service: Service, request: Request) -> Response:
    """List the files of a task."""
    return await _list(task_folder(service, request), request)


async def list_node_files(service: Service, request: Request) -> Response:
    """List the files of a node."""
    return await _list(node_folder(service, request), request)


async def download_task_file(service: Service, request: Request) -> Answer:
    """Read a file of a task, or a part of it."""
    return _download(task_folder(service, request), request)


async def get_task_file_properties(service: Service, request: Request) -> Response:
    """Describe a file of a task."""
    return _properties(task_folder(service, request), request)


async def delete_task_file(service: Service, request: Request) -> Response:
    """Delete a file or folder of a task."""
    return await _delete(task_folder(service, request), request)


async def download_node_file(service: Service, request: Request) -> Answer:
    """Read a file of a node, or a part of it."""
    return _download(node_folder(service, request), request)


async def get_node_file_properties(service: Service, request: Request) -> Response:
    """Describe a file of a node."""
    return _properties(node_folder(service, request), request)


async def delete_node_file(service: Service, request: Request) -> Response:
    """Delete a file or folder of a node."""
    return await _delete(node_folder(service, request), request)
