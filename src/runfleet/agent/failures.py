"""Why an execution fails beside its exit code, in the words of the service."""

from __future__ import annotations

import logging

from runfleet.agent.messages import ExecutionFailure
from runfleet.batch.texts import as_utf8
from runfleet.errors import RunfleetError, is_out_of_space

log = logging.getLogger(__name__)

_USER, _SERVER = "usererror", "servererror"

_CONTAINER_NOT_FOUND = (
    "One of the specified Azure container(s) was not found while attempting to upload an output"
    " file"
)

# Code -> category and message of the service's `failureInfo`.
_FAILURES = {
    "ApplicationPackageError": (_USER, "An application package could not be installed"),
    "BlobAccessDenied": (_USER, "Access for one of the specified Azure Blob(s) is denied"),
    "BlobDownloadMiscError": (
        _SERVER,
        "Miscellaneous error encountered while downloading one of the specified Azure Blob(s)",
    ),
    "BlobNotFound": (_USER, "One of the specified Azure Blob(s) was not found"),
    "CommandLaunchFailed": (_USER, "Failed to launch the specified command line"),
    "CommandProgramNotFound": (_USER, "The specified command program is not found"),
    "DiskFull": (_SERVER, "There is not enough disk space on the node to run the task"),
    "FileUploadAccessDenied": (
        _USER,
        "Access for one of the specified Azure container(s) is denied while uploading a file",
    ),
    "FileUploadContainerNotFound": (
        _USER,
        _CONTAINER_NOT_FOUND,
    ),
    "FileUploadMiscError": (
        _USER,
        "Miscellaneous error encountered while uploading one of the output files",
    ),
    "ResourceDirectoryCreateFailed": (_SERVER, "The directory of the task could not be made"),
    "Unknown": (_SERVER, "An unexpected error happened on the node"),
}


class ExecutionError(RunfleetError):
    """
    An execution cannot go on, or not all of its output files could be uploaded.

    Parameters
    ----------
    code
        The service's code, such as ``BlobNotFound``.
    details
        Names and values for the failure's details; nothing secret.
    """

    def __init__(self, code: str, **details: str) -> None:
        category, message = _FAILURES[code]
        super().__init__(message)
        printable = {name: as_utf8(value) for name, value in details.items()}
        self.failure = ExecutionFailure(category, code, message, printable)


def failure_of(error: Exception) -> ExecutionFailure:
    """What an execution fails of that ran into an error, foreseen or not."""
    if isinstance(error, ExecutionError):
        return error.failure
    log.error("an execution failed for an unforeseen reason", exc_info=error)
    return ExecutionError("Unknown", Message=repr(error)).failure


def from_os_error(error: OSError, code: str, **details: str) -> ExecutionError:
    """Name what the operating system refused: `DiskFull` for lack of space, else `code`."""
    if is_out_of_space(error):
        code = "DiskFull"
    return ExecutionError(code, **details, Message=error.strerror or str(error))
