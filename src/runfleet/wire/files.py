"""Files of tasks and nodes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from runfleet.batch.states import OsType
from runfleet.batch.texts import as_utf8
from runfleet.wire.bodies import JsonObject
from runfleet.wire.conditions import http_date
from runfleet.wire.errors import WireError
from runfleet.wire.shapes import native_path
from runfleet.wire.values import time_text

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class FileInfo:
    """
    A file or folder of a node.

    Parameters
    ----------
    name
        Path below the task's folder or the node's root, slashes between its parts; bytes that are
        no UTF-8 as `os.fsdecode` gives them.
    is_directory, size, last_modified
        What lists tell of it; the size in bytes.
    mode
        As `stat` has it, the file type included.
    """

    name: str
    is_directory: bool
    size: int
    last_modified: datetime
    mode: int


@dataclass(frozen=True, slots=True)
class FileRange:
    """
    The part of a file that a client asked for.

    Parameters
    ----------
    offset, length
        Where it begins, and how long it is, in bytes.
    """

    offset: int
    length: int


def file_json(file: FileInfo, *, folder_url: str, os_type: OsType = OsType.LINUX) -> JsonObject:
    """
    A file as lists have it.

    Parameters
    ----------
    file
        The file.
    folder_url
        URL of the list that it stands in, such as ``.../tasks/t/files``.
    os_type
        What the node runs that it is on.
    """
    shape: JsonObject = {
        "name": as_utf8(native_path(file.name, os_type)),
        "url": _file_url(file, folder_url),
        "isDirectory": file.is_directory,
    }
    if file.is_directory:
        return shape
    properties = {
        "lastModified": time_text(file.last_modified),
        # 64-bit numbers travel as texts.
        "contentLength": str(file.size),
        "contentType": content_type(file.name),
    }
    if os_type is OsType.WINDOWS:
        # Linux does not tell when a file was made, only when it was changed.
        properties["creationTime"] = time_text(file.last_modified)
    else:
        properties["fileMode"] = f"0o{file.mode:o}"
    return {**shape, "properties": properties}


def file_headers(file: FileInfo, *, url: str, os_type: OsType = OsType.LINUX) -> dict[str, str]:
    """
    The headers that describe a file, its length excepted, which a range may shorten.

    Parameters
    ----------
    file
        The file.
    url
        By which the client asked for it.
    os_type
        What the node runs that it is on.
    """
    changed = http_date(file.last_modified)
    mode = {"ocp-batch-file-mode": f"0o{file.mode:o}"}
    return {
        "Content-Type": content_type(file.name),
        "Last-Modified": changed,
        "ocp-batch-file-isdirectory": str(file.is_directory),
        **({"ocp-creation-time": changed} if os_type is OsType.WINDOWS else mode),
        "ocp-batch-file-url": quote(url, safe=""),
    }


def content_type(name: str) -> str:
    """The media type of a file by its name."""
    return "text/plain" if name.endswith(".txt") else "application/octet-stream"


def parse_range(text: str | None, size: int) -> FileRange:
    """
    The part of a file that an `ocp-range` header names, all of it without one.

    Raises
    ------
    WireError
        ``InvalidRange`` for one that the file does not have.
    """
    if not text:
        return FileRange(0, size)
    match = _RANGE.fullmatch(text.strip())
    first, last = match.groups() if match else ("", "")
    if not (first or last):
        raise WireError("InvalidRange")
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last) + 1, size) if first and last else size
    if start >= end:
        raise WireError("InvalidRange")
    return FileRange(start, end - start)


def _file_url(file: FileInfo, folder_url: str) -> str:
    # The bytes of a name that is no UTF-8 are in its URL, by which it can be read.
    return f"{folder_url}/{quote(file.name, errors='surrogateescape')}"
