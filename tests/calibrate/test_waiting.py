"""Calibrations whose managers have taken all places of a pool wait for each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runfleet.azure import AzureBatch, JobManager, JobSettings, PoolSettings, TaskSettings
from runfleet.calibrate.waiting import find_rivals
from runfleet.launch import connect
from runfleet.launch.diagnosis import find_situation
from runfleet.launch.names import job_metadata

WaitFor = Callable[[Callable[[], object]], object]


@pytest.fixture
def batch(runfleet_home: Path, runfleet: Callable[..., object]) -> Iterator[AzureBatch]:
    """An account with a pool of two places; its emulator ends with the test."""
    with connect(home=runfleet_home) as account:
        image = account.batch.pick_image("ubuntu-22.04")
        account.batch.create_pool(PoolSettings("p", image, "standard_f2s_v2", dedicated=1, slots=2))
        yield account.batch


def begin(batch: AzureBatch, study: str) -> None:
    """Begin a calibration as far as its manager goes."""
    manager = JobManager(TaskSettings("manager", "sleep 60"))
    batch.create_job(JobSettings(study, "p", manager=manager, metadata=job_metadata(study, 1)))


def test_calibrations_that_may_have_taken_all_places(batch: AzureBatch, wait_for: WaitFor) -> None:
    """Only as many as there are places, and neither jobs of other studies nor those that ended."""
    begin(batch, "fit")
    batch.create_job(JobSettings("runs", "p", metadata=job_metadata("runs", 1)))
    wait_for(lambda: batch.node_counts("p").ready)
    situation = find_situation(batch, batch.get_job("fit"))
    assert find_rivals(batch, situation) == ()
    begin(batch, "other")
    assert find_rivals(batch, situation) == ("other",)
    pool = situation.pool
    assert pool is not None
    assert find_rivals(batch, replace(situation, pool=replace(pool, slots=3))) == ()
    assert find_rivals(batch, replace(situation, pool=replace(pool, target_dedicated=2))) == ()
    batch.terminate_job("other")
    wait_for(lambda: not find_rivals(batch, situation))
