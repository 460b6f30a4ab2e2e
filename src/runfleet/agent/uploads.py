"""Bringing the output files of an execution into containers."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import orjson

from runfleet.agent import patterns, windows_patterns
from runfleet.agent.cancellation import Cancellation
from runfleet.agent.failures import ExecutionError, from_os_error
from runfleet.agent.launch import LOGS
from runfleet.agent.messages import ExecutionFailure, FilesToUpload
from runfleet.agent.patterns import Match, Pattern
from runfleet.agent.urls import is_remote, local_path
from runfleet.batch.states import UploadCondition
from runfleet.batch.texts import as_utf8
from runfleet.storage.directory import DirectoryStorage
from runfleet.storage.errors import ContainerNotFoundError, InvalidNameError
from runfleet.storage.names import check_blob_name
from runfleet.storage.placing import SMALL, remove
from runfleet.storage.urls import blob_url, without_query

_CODES_BY_STATUS = {
    404: "FileUploadContainerNotFound",
    401: "FileUploadAccessDenied",
    403: "FileUploadAccessDenied",
}


@dataclass(frozen=True, slots=True)
class Upload:
    """
    A file on its way to a blob.

    Parameters
    ----------
    wanted
        The specification that asks for it.
    path
        Where it is.
    blob
        What the blob is called.
    is_settled
        Whether nobody will write to it any more, so that it may become the blob itself.
    """

    wanted: FilesToUpload
    path: str
    blob: str
    is_settled: bool = False

    @property
    def destination(self) -> str:
        """The URL of the blob, without what is secret."""
        return without_query(blob_url(without_query(self.wanted.container_url), self.blob))


# With its parsed pattern, and the fixed folder of that.
_Specification = tuple[FilesToUpload, Pattern, str]


class Uploads:
    """
    The output files of one execution, logs before all else.

    Each specification stands on its own: the first file that fails ends it, and no other.

    Parameters
    ----------
    wanted
        The specifications whose condition holds.
    working_directory
        What their patterns are relative to.
    environment
        Values of the variables in their patterns.
    windows_root
        The root folder of a Windows node; None on others.
    is_settled
        Whether the task is over: one that has failed may run again in the same folder.
    """

    def __init__(
        self,
        wanted: Iterable[FilesToUpload],
        working_directory: str,
        environment: Mapping[str, str],
        windows_root: str | None = None,
        *,
        is_settled: bool = False,
    ) -> None:
        self.uploaded: list[Upload] = []
        self.failed: list[tuple[Upload, ExecutionFailure]] = []
        specifications = [
            _parse(one, working_directory, environment, windows_root) for one in wanted
        ]
        logs = os.path.dirname(working_directory)
        self._specifications = sorted(specifications, key=lambda one: not _reaches_logs(one, logs))
        self._own_folder = _OwnFolder(logs) if is_settled else None
        self._later: list[Upload] = []

    def run_quickly(self) -> bool:
        """Upload what takes no time to speak of; return whether that was all."""
        for wanted, pattern, folder in self._specifications:
            for match in pattern.find(folder):
                upload = self._upload(wanted, pattern, match)
                if not self._attempt(upload, None):
                    self._later.append(upload)
        return not self._later

    def run_rest(self, cancellation: Cancellation) -> None:
        """Upload all the rest, however long it takes."""
        for upload in self._later:
            cancellation.check()
            self._attempt(upload, cancellation)

    def _upload(self, wanted: FilesToUpload, pattern: Pattern, match: Match) -> Upload:
        is_settled = self._own_folder is not None and self._own_folder.holds(match.path)
        return Upload(wanted, match.path, _blob_name(wanted, pattern, match), is_settled)

    def _attempt(self, upload: Upload, cancellation: Cancellation | None) -> bool:
        """Try an upload, in a thread if there is a cancellation; return False if it needs one."""
        if any(failed.wanted is upload.wanted for failed, _ in self.failed):
            return True
        try:
            if not _put(upload, cancellation):
                return False
            self.uploaded.append(upload)
        except ExecutionError as error:
            self.failed.append((upload, error.failure))
        return True


class _OwnFolder:
    """
    The folder of a task, which is its own: other tasks go on to write where nodes and jobs share.

    Folders may be links that lead out of it.  Each is looked at once, those that every task has
    never: most files are there, and looking would take longer than linking one.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._known = {path: True, path + "/wd": True}

    def holds(self, path: str) -> bool:
        """Tell whether a file is in it."""
        folder = os.path.dirname(path)
        if folder not in self._known:
            own = os.path.realpath(self._path)
            self._known[folder] = f"{os.path.realpath(folder)}/".startswith(own + "/")
        return self._known[folder]


def write_records(uploads: Uploads, task_directory: str) -> None:
    """
    Write ``fileuploadout.txt`` and ``fileuploaderr.txt``, a JSON object a line.

    The service does so after every upload; here they are written only where one has failed, since
    two more files would cost a short run more than its uploads.
    """
    with contextlib.suppress(OSError):  # the failure itself is told all the same
        _write(f"{task_directory}/fileuploadout.txt", map(_entry, uploads.uploaded))
        _write(f"{task_directory}/fileuploaderr.txt", (_error(*pair) for pair in uploads.failed))


def is_due(wanted: FilesToUpload, *, succeeded: bool) -> bool:
    """Tell whether the condition of a specification holds."""
    if wanted.condition == UploadCondition.TASK_COMPLETION:
        return True
    return (wanted.condition == UploadCondition.TASK_SUCCESS) is succeeded


def _parse(
    wanted: FilesToUpload,
    working_directory: str,
    environment: Mapping[str, str],
    windows_root: str | None,
) -> _Specification:
    if windows_root is not None:
        found = windows_patterns.parse(wanted.pattern, environment, working_directory, windows_root)
        return wanted, *found
    pattern = patterns.parse(patterns.expand(wanted.pattern, environment))
    return wanted, pattern, pattern.folder(working_directory)


def _reaches_logs(specification: _Specification, logs: str) -> bool:
    _, pattern, folder = specification
    return folder == logs and any(map(pattern.matches_name, LOGS))


def _blob_name(wanted: FilesToUpload, pattern: Pattern, match: Match) -> str:
    # Clients at Windows write backslashes in the path, and models that come from there in names of
    # files on Linux; accounts of Azure Storage take them for slashes.
    path, relative = (wanted.path or "").replace("\\", "/"), match.relative
    if "\\" in relative:
        folder, relative = match.path.removesuffix(relative), relative.replace("\\", "/")
        if os.path.exists(folder + relative):  # no file takes the place of another
            relative = match.relative
    if pattern.regex is None:
        return path or os.path.basename(relative)
    return f"{path.strip('/')}/{relative}".lstrip("/")


def _put(upload: Upload, cancellation: Cancellation | None) -> bool:
    try:
        upload.blob.encode()
        container = local_path(upload.wanted.container_url)
        if container is not None:
            return _put_locally(upload, container, may_take_long=cancellation is not None)
        check_blob_name(upload.blob)
        if cancellation is not None:
            _put_remotely(upload, cancellation)
        return cancellation is not None
    except InvalidNameError as error:
        raise _failure("FileUploadMiscError", upload, _why_not(upload, error)) from error
    except UnicodeEncodeError as error:
        reason = f"its name is no UTF-8: `{os.path.basename(upload.blob)}`"
        raise _failure("FileUploadMiscError", upload, reason) from error
    except PermissionError as error:
        raise _failure("FileUploadAccessDenied", upload, str(error.strerror)) from error
    except OSError as error:
        raise from_os_error(error, "FileUploadMiscError", **_place(upload)) from error


def _why_not(upload: Upload, error: InvalidNameError) -> str:
    """Say why a name is none of a blob; one with a backslash is that of another file, too."""
    if "\\" not in upload.blob:
        return error.message
    other = upload.blob.replace("\\", "/")
    return f"{error.message}; and `{other}`, as which it would be kept, is another file"


def _put_locally(upload: Upload, container: str, *, may_take_long: bool) -> bool:
    root, _, name = container.rpartition("/")
    largest_copy = None if may_take_long else SMALL
    try:
        return _storage(root).adopt(
            name,
            upload.blob,
            upload.path,
            is_settled=upload.is_settled,
            largest_copy=largest_copy,
        )
    except ContainerNotFoundError as error:
        reason = "there is no such container"
        raise _failure("FileUploadContainerNotFound", upload, reason) from error


@lru_cache(maxsize=64)
def _storage(root: str) -> DirectoryStorage:
    return DirectoryStorage(root)


def _put_remotely(upload: Upload, cancellation: Cancellation) -> None:
    from runfleet.agent.web import web_blobs
    from runfleet.storage.channel import WebError

    container_url = upload.wanted.container_url
    if not is_remote(container_url):
        reason = "the URL is neither one of the web nor a folder of this machine"
        raise _failure("FileUploadMiscError", upload, reason)
    url = blob_url(container_url, upload.blob)
    try:
        web_blobs().upload(upload.path, url, upload.wanted.headers, check=cancellation.check)
    except WebError as error:
        code = _CODES_BY_STATUS.get(error.status or 0, "FileUploadMiscError")
        raise _failure(code, upload, error.message) from error


def _failure(code: str, upload: Upload, reason: str) -> ExecutionError:
    return ExecutionError(code, **_place(upload), Message=reason)


def _place(upload: Upload) -> dict[str, str]:
    return {
        "FilePattern": upload.wanted.pattern,
        "FilePath": upload.path,
        "Destination": upload.destination,
    }


def _entry(upload: Upload) -> dict[str, object]:
    return {
        "pattern": upload.wanted.pattern,
        "file": as_utf8(upload.path),
        "destination": upload.destination,
    }


def _error(upload: Upload, failure: ExecutionFailure) -> dict[str, object]:
    reason = failure.details.get("Message", failure.message)
    named = {"code": failure.code, "user_error": failure.category == "usererror"}
    return {**named, **_entry(upload), "message": reason}


def _write(path: str, entries: Iterable[dict[str, object]]) -> None:
    # A task may have put something there that is no file, and that whoever opens it waits for.
    remove(path)
    with open(path, "xb") as file:
        file.writelines(orjson.dumps(e, option=orjson.OPT_APPEND_NEWLINE) for e in entries)
