"""Bringing resource files into the working directory of an execution."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from runfleet.agent.cancellation import Cancellation
from runfleet.agent.failures import ExecutionError, from_os_error
from runfleet.agent.messages import FileToFetch
from runfleet.agent.urls import is_remote, local_path
from runfleet.storage import placing
from runfleet.storage.urls import blob_url, without_query

# Over a network, fetching many blobs is mostly waiting.
_THREADS = 8
_CODES_BY_STATUS = {404: "BlobNotFound", 401: "BlobAccessDenied", 403: "BlobAccessDenied"}


def fetch_quickly(wanted: Iterable[FileToFetch], working_directory: str) -> list[FileToFetch]:
    """Fetch the small files of this machine, and return all the others."""
    return [file for file in wanted if not _fetch_if_small(file, working_directory)]


def fetch(
    file: FileToFetch, working_directory: str, partial_folder: str, cancellation: Cancellation
) -> None:
    """
    Fetch a blob, or all blobs of a container that begin with the prefix.

    Raises
    ------
    ExecutionError
        If one is not there or not allowed, or could not be fetched or written.
    """
    place = partial(_fetch_into, file, working_directory, partial_folder, cancellation)
    blobs = _blobs(file, cancellation)
    if file.is_container and is_remote(file.url):
        from runfleet.storage.parallel import for_each

        for_each(blobs, place, threads=_THREADS)
    else:
        for blob in blobs:
            place(blob)


def target_path(working_directory: str, relative: str, url: str) -> str:
    """Place a file below the working directory; raises `ExecutionError` if it would leave it."""
    path = os.path.normpath(relative)
    leaves = path.startswith("/") or path.split("/")[0] in (".", "..")
    if not relative or leaves or "\0" in relative:
        reason = "the file path does not lie in the working directory of the task"
        raise ExecutionError("BlobDownloadMiscError", **_place(url, relative), Message=reason)
    return f"{working_directory}/{path}"


def _fetch_if_small(file: FileToFetch, working_directory: str) -> bool:
    source = None if file.is_container else local_path(file.url)
    if source is None:
        return False
    target = target_path(working_directory, file.file_path, file.url)
    try:
        if os.stat(source).st_size > placing.SMALL:
            return False
        placing.with_parent(target, lambda: placing.copy(source, target))
        os.chmod(target, _mode(file))
    except OSError as error:
        raise _error_of(error, file.url, file.file_path) from error
    return True


def _fetch_into(
    file: FileToFetch,
    working_directory: str,
    partial_folder: str,
    cancellation: Cancellation,
    blob: tuple[str, str],
) -> None:
    url, relative = blob
    cancellation.check()
    target = target_path(working_directory, relative, url)
    draft = placing.partial_path(partial_folder)
    try:
        _fetch_blob(url, relative, draft, cancellation)
        os.chmod(draft, _mode(file))
        with cancellation.if_wanted():
            placing.move(draft, target)
    except OSError as error:
        raise _error_of(error, url, relative) from error
    finally:
        placing.remove(draft)


def _mode(file: FileToFetch) -> int:
    return int(file.file_mode, 8)


def _fetch_blob(url: str, relative: str, partial: str, cancellation: Cancellation) -> None:
    source = local_path(url)
    placing.make_parent(partial)
    if source is None:
        _download(url, relative, partial, cancellation)
    else:
        placing.copy(source, partial)


def _download(url: str, relative: str, partial: str, cancellation: Cancellation) -> None:
    from runfleet.agent.web import web_blobs
    from runfleet.storage.channel import WebError

    _demand_remote(url, relative)
    try:
        web_blobs().download(url, partial, check=cancellation.check)
    except WebError as error:
        raise _web_error(error.status, error.message, url, relative) from error


def _demand_remote(url: str, relative: str) -> None:
    if not is_remote(url):
        reason = "the URL is neither one of the web nor a file of this machine"
        raise ExecutionError("BlobDownloadMiscError", **_place(url, relative), Message=reason)


def _blobs(file: FileToFetch, cancellation: Cancellation) -> Iterator[tuple[str, str]]:
    """Give the URL of each blob, and its place below the working directory."""
    if not file.is_container:
        return iter([(file.url, file.file_path)])
    folder = local_path(file.url)
    names = _remote_names(file, cancellation) if folder is None else _local_names(folder, file)
    parent = file.file_path or "."
    return ((blob_url(file.url, name), f"{parent}/{name}") for name in names)


def _remote_names(file: FileToFetch, cancellation: Cancellation) -> Iterator[str]:
    from runfleet.agent.web import web_blobs
    from runfleet.storage.channel import WebError

    _demand_remote(file.url, file.file_path)
    try:
        for page in web_blobs().list(file.url, file.blob_prefix, check=cancellation.check):
            for blob in page:
                if not blob.is_folder_mark:
                    yield blob.name
    except WebError as error:
        raise _web_error(error.status, error.message, file.url, file.file_path) from error


def _local_names(folder: str, file: FileToFetch) -> Iterator[str]:
    from runfleet.storage import DirectoryStorage, StorageError

    container = Path(folder)
    try:
        for blob in DirectoryStorage(container.parent).list_blobs(container.name, file.blob_prefix):
            yield blob.name
    except StorageError as error:
        place = _place(file.url, file.file_path)
        raise ExecutionError("BlobNotFound", **place, Message=error.message) from error


def _web_error(status: int | None, reason: str, url: str, relative: str) -> ExecutionError:
    code = _CODES_BY_STATUS.get(status or 0, "BlobDownloadMiscError")
    return ExecutionError(code, **_place(url, relative), Message=reason)


def _error_of(error: OSError, url: str, relative: str) -> ExecutionError:
    if isinstance(error, (FileNotFoundError, IsADirectoryError)):
        code = "BlobNotFound"
    elif isinstance(error, PermissionError):
        code = "BlobAccessDenied"
    else:
        code = "BlobDownloadMiscError"
    return from_os_error(error, code, **_place(url, relative))


def _place(url: str, relative: str) -> dict[str, str]:
    return {"BlobSource": without_query(url), "FilePath": relative.removeprefix("./")}
