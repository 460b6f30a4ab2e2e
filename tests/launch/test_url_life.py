"""How long signed URLs work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from azure.core.credentials import AccessToken

from runfleet.launch import LaunchError, PoolPlan
from runfleet.launch.url_life import USUAL_LIFE, check_url_life, longest_time, signer, url_life
from runfleet.storage import AzureBlob
from runfleet.study import Study

POOL = PoolPlan("p", "ubuntu-22.04", "standard_f4s_v2", dedicated=2, spot=0, slots=4)
WriteStudy = Callable[..., Study]

HOUR = timedelta(hours=1)


@pytest.fixture
def write(write_study: WriteStudy) -> Callable[..., Study]:
    def write(runs: int, limits: str = "") -> Study:
        values = [*range(runs)]
        return write_study(f"""
            model: {{command: x{limits}}}
            parameters: {{X: {{values: {values}}}}}
            """)

    return write


def test_a_study_without_a_time_limit_has_a_week(write: Callable[..., Study]) -> None:
    """Nobody knows how long it takes."""
    study = write(100)
    assert longest_time(study, POOL) is None
    assert url_life(study, POOL) == USUAL_LIFE


def test_runs_wait_for_those_before_them(write: Callable[..., Study]) -> None:
    """With 8 at a time, 20 runs take three rounds, each with all its attempts."""
    study = write(20, ", time_limit: 2h, retries: 1")
    assert longest_time(study, POOL) == 3 * 2 * 2 * HOUR + HOUR
    assert url_life(study, POOL) == USUAL_LIFE
    long = write(80, ", time_limit: 1d")
    assert url_life(long, POOL) == 10 * 24 * HOUR + HOUR


@pytest.mark.parametrize(("nodes", "rounds"), [(4, 200), (7, 200), (8, 100)])
def test_runs_on_several_nodes_wait_for_all_of_theirs(
    write: Callable[..., Study], nodes: int, rounds: int
) -> None:
    """With four nodes a run, those of a pool that are left over carry out none."""
    study = write(200, ", time_limit: 4h")
    pool = replace(POOL, dedicated=nodes, slots=1, nodes_per_run=4)
    assert longest_time(study, pool) == rounds * 4 * HOUR + HOUR


class Somebody:
    """A token credential; its storage account is never asked."""

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        return AccessToken("token", 0)


def test_what_cannot_last_is_refused(tmp_path: Path) -> None:
    """Without the key of the storage account, URLs end after a week."""
    storage = AzureBlob("https://rivers.blob.core.windows.net", Somebody())
    with pytest.raises(LaunchError, match="the runs may take longer than their files") as caught:
        check_url_life(signer(storage, "long"), timedelta(days=10))
    assert "log in to the storage account by its key" in str(caught.value.hint)
