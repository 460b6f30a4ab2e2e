"""Names of containers and blobs, as Azure Storage allows them."""

from __future__ import annotations

import os
import re

from runfleet.storage.errors import InvalidNameError

_CONTAINER_NAME = re.compile(r"[a-z0-9](?:-?[a-z0-9])+")
_MAX_CONTAINER_NAME = 63
_MAX_BLOB_NAME = 1024
# The longest segment that Azure Storage takes; most file systems take one character more.
_MAX_SEGMENT = 254
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f]")
# What nearly every name is, told at once: nothing in it can be wrong but on Windows.
_PLAIN_NAME = re.compile(r"(?:[\w.-]*[\w-]/)*[\w.-]*[\w-]", re.ASCII)
_WINDOWS_FORBIDDEN = re.compile(r'[<>:"|?*]')
_WINDOWS_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?:\..*)?", re.IGNORECASE)


def check_container_name(name: str) -> None:
    """
    Refuse a container name that Azure Storage does not allow.

    Raises
    ------
    InvalidNameError
        If it is not 3 to 63 lower-case letters, digits and single hyphens between them.
    """
    if not (3 <= len(name) <= _MAX_CONTAINER_NAME and _CONTAINER_NAME.fullmatch(name)):
        raise InvalidNameError(
            f"`{_shown(name)}` cannot be the name of a container",
            hint="take 3 to 63 lower-case letters, digits and single hyphens between them",
        )


def check_blob_name(name: str, *, windows: bool = os.name == "nt") -> None:
    """
    Refuse a blob name that Azure Storage does not allow or that is no safe file path.

    Parameters
    ----------
    name
        Up to 1,024 characters, folders separated by slashes.
    windows
        Whether the name has to be a file path of Windows, too.

    Raises
    ------
    InvalidNameError
        If it is too long, or one of its segments is empty, ends in a dot (`.` and `..` do), or
        holds a backslash or a control character.
    """
    if not windows and len(name) <= _MAX_SEGMENT and _PLAIN_NAME.fullmatch(name):
        return
    if not name or len(name) > _MAX_BLOB_NAME:
        raise InvalidNameError(
            f"a blob name has 1 to {_MAX_BLOB_NAME:,} characters, not {len(name):,}: "
            f"`{_shown(name[:80])}`"
        )
    for segment in name.split("/"):
        reason = _segment_fault(segment) or (_windows_fault(segment) if windows else None)
        if reason:
            raise InvalidNameError(f"`{_shown(name)}` cannot be the name of a blob: {reason}")


def _shown(name: str) -> str:
    """Write control characters as Python does: a message has one line."""
    return _CONTROL_CHARACTERS.sub(lambda found: repr(found.group())[1:-1], name)


def _segment_fault(segment: str) -> str | None:
    if not segment:
        return "a part of it between slashes is empty"
    if segment.endswith("."):
        return f"`{segment}` ends in a dot"
    if "\\" in segment or _CONTROL_CHARACTERS.search(segment):
        return f"{segment!r} holds a backslash or a control character"
    if len(segment) > _MAX_SEGMENT:
        return f"a part of it between slashes has over {_MAX_SEGMENT} characters"
    return None


def _windows_fault(segment: str) -> str | None:
    if _WINDOWS_FORBIDDEN.search(segment) or segment.endswith(" "):
        return f"Windows does not allow a file named `{segment}`"
    if _WINDOWS_DEVICE.fullmatch(segment):
        return f"`{segment}` is a device of Windows"
    return None
