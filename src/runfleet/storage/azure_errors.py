"""Errors of the SDK and of the channel in the words of this package."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from azure.core.exceptions import AzureError, ClientAuthenticationError

from runfleet.reasons import innermost
from runfleet.storage.channel import WebError
from runfleet.storage.errors import (
    BlobNotFoundError,
    ContainerNotFoundError,
    StorageAccessError,
    StorageError,
    StorageUnavailableError,
    not_written,
)

NOT_THERE = 404

NO_CONTAINER = ("ContainerNotFound", "ContainerBeingDeleted")
"""The error codes of a container that is not there, or not for long."""

_ACCESS_HINTS = {
    "AuthenticationFailed": "check the account's key, and this machine's clock",
    "AuthorizationPermissionMismatch": "the identity needs the role `Storage Blob Data Contributor`"
    " on the storage account",
    "AuthorizationFailure": "check the account's key, this machine's clock, and the account's "
    "firewall",
    "KeyBasedAuthenticationNotPermitted": "the account takes no keys: sign in with an identity",
}


@contextmanager
def writing(container: str, blob: str) -> Iterator[None]:
    """Translate what goes wrong while a blob is written, perhaps from a file."""
    what = f"blob `{blob}` cannot be written to container `{container}`"
    try:
        with told_as(what, container, blob):
            yield
    except OSError as error:
        raise not_written(container, blob, error) from error


@contextmanager
def reading(container: str, blob: str) -> Iterator[None]:
    """Translate what goes wrong while a blob is read, perhaps into a file."""
    what = cannot_read(container, blob)
    try:
        with told_as(what, container, blob):
            yield
    except OSError as error:
        raise StorageError(f"{what}: {error.strerror}: {error.filename}") from error


def cannot_read(container: str, blob: str) -> str:
    """Begin the message of an error."""
    return f"blob `{blob}` of container `{container}` cannot be read"


@contextmanager
def told_as(what: str, container: str, blob: str = "") -> Iterator[None]:
    """Translate what the server says of a blob, or of the container itself."""
    try:
        yield
    except WebError as error:
        if error.code in NO_CONTAINER or (error.status == NOT_THERE and not blob):
            raise ContainerNotFoundError(container) from error
        if error.status == NOT_THERE:
            raise BlobNotFoundError(container, blob) from error
        raise translated(error, what) from error


def translated(error: AzureError | WebError, what: str) -> StorageError:
    """Turn what the SDK or the channel raised into the error that a caller can tell from others."""
    status, reason = status_of(error), f"{what}: {_said_by(error)}"
    if isinstance(error, ClientAuthenticationError) and status is None:
        return StorageAccessError(reason, hint="sign in, for example with `az login`")
    if status in (401, 403):
        return StorageAccessError(reason, hint=_ACCESS_HINTS.get(code_of(error)))
    if status is None or status == 429 or status >= 500:
        hint = "check the network and the account's URL" if status is None else "try again later"
        return StorageUnavailableError(reason, status=status or 0, hint=hint)
    return StorageError(reason)


def status_of(error: AzureError | WebError) -> int | None:
    """Give the HTTP status; None if there was no answer."""
    return error.status if isinstance(error, WebError) else getattr(error, "status_code", None)


def code_of(error: AzureError | WebError) -> str:
    """Give the error code of Azure Storage; empty if there was none."""
    if isinstance(error, WebError):
        return error.code
    code = getattr(error, "error_code", "")
    return str(getattr(code, "value", code))


def _said_by(error: AzureError | WebError) -> str:
    if isinstance(error, WebError):
        return error.message
    if status := status_of(error):
        return f"{status} {code_of(error)}".rstrip()
    if isinstance(error, ClientAuthenticationError):
        return str(error.message).partition("\n")[0]
    return innermost(error)
