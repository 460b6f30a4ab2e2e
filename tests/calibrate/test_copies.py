"""Copies of what a running manager writes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import cast

import pytest

from runfleet.azure import AzureBatch, FileInfo
from runfleet.calibrate.copies import Copies
from runfleet.calibrate.tasks import copies_prefix
from runfleet.storage import DirectoryStorage, StorageUnavailableError
from runfleet.study import Pest, WorkerRange

WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)


class Node:
    """The node of a manager that has written its restart file."""

    def list_task_files(self, _job: str, _task: str, *, recursive: bool) -> Iterator[FileInfo]:
        yield FileInfo("wd/case.rst", False, 4, WRITTEN)

    def task_file(self, _job: str, _task: str, _path: str) -> bytes:
        return b"rest"


class BusyStorage(DirectoryStorage):
    """Is too busy to take anything, as long as it is."""

    is_busy = True

    def put_bytes(self, container: str, blob: str, content: bytes) -> None:
        if self.is_busy:
            raise StorageUnavailableError("the storage account is too busy")
        super().put_bytes(container, blob, content)


def test_a_storage_that_takes_nothing_ends_no_calibration(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What was not copied is copied later."""
    storage = BusyStorage(tmp_path)
    storage.create_container("study-x")
    pest = Pest(PurePosixPath("case.pst"), "pestpp-glm", WorkerRange(1, 1))
    copies = Copies(cast("AzureBatch", Node()), storage, "study-x", "x", pest)
    with caplog.at_level(logging.INFO):
        copies.update(1)
    assert "were not copied: the storage account is too busy" in caplog.text
    storage.is_busy = False
    copies.update(2)
    assert storage.get_bytes("study-x", f"{copies_prefix('x')}case.rst") == b"rest"
