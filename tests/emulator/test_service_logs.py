"""The log of a node, as it is brought into a container."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from runfleet.agent.cancellation import Cancellation
from runfleet.agent.node_logs import LOG_FILE
from runfleet.emulator.service_logs import LogRange, LogUpload, upload_logs
from runfleet.storage import DirectoryStorage

EARLY, TIME, LATE = (datetime(2026, 11, day, tzinfo=UTC) for day in (22, 23, 24))


@pytest.mark.parametrize("torn", ["2026-11-2", "2026-11-23", "2026-11-23T10:00:00.000", "\xff", ""])
def test_half_a_line_belongs_to_the_line_before(tmp_path, torn):
    """As where the disk was full, or the agent was killed, while it was written."""
    storage = DirectoryStorage(tmp_path / "storage")
    storage.create_container("logs")
    url = storage.container_url("logs", life=timedelta(days=1), write=True)
    early, late = f"{EARLY.isoformat()} INFO one\n", f"{LATE.isoformat()} INFO two\n"
    log = tmp_path / "node" / LOG_FILE
    log.parent.mkdir(parents=True)
    log.write_bytes(f"{torn}\n{early}{torn}\n{late}{torn}".encode("latin-1"))

    def uploaded(start, end):
        asked = LogUpload(tmp_path / "node", LogRange(start, end), url, "here")
        with TemporaryDirectory(dir=tmp_path) as folder:
            assert upload_logs(asked, Path(folder), Cancellation()) == 1
        return storage.get_bytes("logs", f"here/{log.name}").decode("latin-1")

    assert uploaded(EARLY, TIME) == f"{early}{torn}\n"
    assert uploaded(TIME, None) == f"{late}{torn}"
