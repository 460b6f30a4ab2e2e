"""Files on nodes."""

from __future__ import annotations

from runfleet.azure.channel import Channel, path_of
from runfleet.azure.errors import BatchError

_RANGE_NOT_SATISFIABLE = 416


def read_file(
    channel: Channel, owner: str, path: str, offset: int = 0, length: int | None = None
) -> bytes:
    """
    Read a file of a task or of a node, or a part of it.

    Parameters
    ----------
    channel
        The account.
    owner
        The path of the task or node.
    path
        Of the file, relative to its owner's folder.
    offset, length
        Where to begin, and how many bytes to take at most; beyond the end there is nothing to
        read, which is no error.
    """
    if length == 0:
        return b""
    headers = {"Accept": "application/octet-stream"}
    if offset or length is not None:
        end = "" if length is None else str(offset + length - 1)
        headers["ocp-range"] = f"bytes={offset}-{end}"
    try:
        return channel.send("GET", _address(owner, path), headers=headers)
    except BatchError as error:
        if error.status == _RANGE_NOT_SATISFIABLE:
            return b""
        raise


def read_end(channel: Channel, owner: str, path: str, most: int) -> bytes:
    """
    Read the last bytes of a file of a task or of a node, and no others.

    Parameters
    ----------
    channel, owner, path
        See `read_file`.
    most
        How many bytes to take at most.
    """
    # `ocp-range` has no form for the end of a file.
    size = int(channel.head(_address(owner, path)).get("Content-Length", 0))
    start = max(0, size - most)
    return read_file(channel, owner, path, start, size - start) if size else b""


def _address(owner: str, path: str) -> str:
    return f"{owner}{path_of('files', path)}"
