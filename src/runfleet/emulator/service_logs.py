"""Bringing what the node agent noted of a node into a container."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from runfleet.agent.cancellation import Cancellation
from runfleet.agent.messages import FilesToUpload
from runfleet.agent.node_logs import EARLIER_LOG_FILE, LOG_FILE
from runfleet.agent.uploads import Uploads
from runfleet.wire.errors import invalid_property

_FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LogRange:
    """
    The part of a log that is wanted.

    Parameters
    ----------
    start, end
        From when to when; the latter is None for a log that is wanted to its end.
    """

    start: datetime
    end: datetime | None

    def holds(self, time: datetime) -> bool:
        """Whether what was written at a time is wanted."""
        return self.start <= time and (self.end is None or time <= self.end)


@dataclass(frozen=True, slots=True)
class LogUpload:
    """
    What is to be uploaded of a node's logs.

    Parameters
    ----------
    node_root
        The node's root folder.
    wanted
        Which lines; a log without any is not uploaded.
    container_url
        With what permits writing there.
    directory
        Prefix of the blobs' names.
    """

    node_root: Path
    wanted: LogRange
    container_url: str
    directory: str


def upload_logs(asked: LogUpload, folder: Path, cancellation: Cancellation) -> int:
    """
    Upload the lines of a node's logs that were written in a range of time.

    Parameters
    ----------
    asked
        Which lines of which node, and where to.
    folder
        For copies of them; empty.
    cancellation
        Says when nobody waits any more.

    Returns
    -------
    count : int
        How many files were uploaded.

    Raises
    ------
    WireError
        If the container takes none.
    TransferCancelledError
        If nobody waits any more.
    """
    for name in (LOG_FILE, EARLIER_LOG_FILE):
        with cancellation.if_wanted():
            _copy_lines(asked.node_root / name, folder / Path(name).name, asked.wanted)
    wanted = FilesToUpload("*", asked.container_url, asked.directory)
    uploads = Uploads([wanted], str(folder), {})
    uploads.run_quickly()
    uploads.run_rest(cancellation)
    for _, failure in uploads.failed:
        reason = failure.details.get("Message", failure.message)
        raise invalid_property("containerUrl", failure.details["Destination"], reason)
    return len(uploads.uploaded)


def _copy_lines(log: Path, copy: Path, wanted: LogRange) -> None:
    lines = [line for time, line in _lines(log) if wanted.holds(time)]
    if lines:
        copy.write_bytes(b"".join(lines))


def _lines(log: Path) -> Iterator[tuple[datetime, bytes]]:
    """
    Read the lines of a log with their times.

    One without a time, such as what a full disk took half of, belongs to the line before it.
    """
    time = _FIRST
    try:
        with log.open("rb") as file:
            for line in file:
                time = _time_of(line) or time
                yield time, line
    except FileNotFoundError:
        return


def _time_of(line: bytes) -> datetime | None:
    try:
        time = datetime.fromisoformat(line.partition(b" ")[0].decode())
    except ValueError:
        return None
    # Half of a time may be one that has no zone.
    return time if time.tzinfo else None
