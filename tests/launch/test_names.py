"""Names that Azure takes, and that lead files to the right place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.launch.names import (
    container_name,
    in_either_case,
    is_job_of,
    job_container_name,
    job_id,
    output_file,
)
from runfleet.storage import check_container_name

STUDY_NAMES = st.from_regex(r"\A[A-Za-z0-9_-]{1,59}\Z")


@given(STUDY_NAMES)
def test_every_study_can_have_a_container(study: str) -> None:
    """Whatever Azure Storage does not allow in its name is changed."""
    check_container_name(container_name(study))


@given(STUDY_NAMES, STUDY_NAMES)
def test_no_two_studies_share_a_container(one: str, other: str) -> None:
    """Not even if they differ in case only."""
    assert (container_name(one) == container_name(other)) == (one == other)


@given(STUDY_NAMES, STUDY_NAMES)
def test_no_job_made_by_hand_shares_the_container_of_a_study(job: str, study: str) -> None:
    """Deleting the study would delete what its tasks have left."""
    check_container_name(job_container_name(job))
    assert job_container_name(job) != container_name(study)


@given(STUDY_NAMES, st.integers(1, 999))
def test_a_study_knows_its_jobs(study: str, number: int) -> None:
    """By name alone, whatever the study is called."""
    assert is_job_of(job_id(study, number), study)
    assert not is_job_of(job_id(f"{study}x", number), study)


def test_a_plain_name_stays_readable() -> None:
    """Users look into the storage."""
    assert container_name("net1-roughness") == "study-net1-roughness"
    assert [job_id("net1", number) for number in (1, 2)] == ["net1", "net1--2"]


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("out.txt", "runs/j/r/out.txt"),
        ("./out.txt", "runs/j/r/out.txt"),
        ("deep/er/out.txt", "runs/j/r/deep/er/out.txt"),
        ("*.txt", "runs/j/r"),
        ("deep/*.txt", "runs/j/r/deep"),
        ("deep/**/*.txt", "runs/j/r/deep"),
        ("d[ab]/x.txt", "runs/j/r"),
        ("[q].csv", "runs/j/r/q.csv"),
        ("a[*]b/*.csv", "runs/j/r/a*b"),
        ("../std*.txt", "runs/j/r"),
        ("/var/log/x.log", "runs/j/r/x.log"),
    ],
)
def test_outputs_keep_their_place(pattern: str, path: str) -> None:
    """Batch itself forgets the folder before the first wildcard."""
    assert output_file(pattern, "file:///c", "runs/j/r").path == path


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("Out.txt", "runs/j/r"),
        ("./deep/er/out.txt", "runs/j/r"),
        ("1/2/out.txt", "runs/j/r/1/2"),
        ("DEEP/**/*.txt", "runs/j/r"),
        ("*.txt", "runs/j/r"),
        ("[[]q].csv", "runs/j/r"),
        ("1.2", "runs/j/r/1.2"),
        ("%CASE%/out.txt", "runs/j/r/%CASE%/out.txt"),
        ("../std*.txt", "runs/j/r"),
    ],
)
def test_outputs_may_be_called_as_they_are_on_the_disk(pattern: str, path: str) -> None:
    """Which only those are that Batch has to look for."""
    assert output_file(in_either_case(pattern), "file:///c", "runs/j/r").path == path


def test_patterns_match_the_same_in_either_case() -> None:
    """Their first letter stands for itself, large or small."""
    assert in_either_case("Deep/er*/x.txt") == "[dD]eep/er*/x.txt"
    assert in_either_case("[[]q].csv") == "[[][qQ]].csv"
    assert in_either_case("*/a.txt") == "*/a.txt"
