"""Which runs are done again after an edit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runfleet.launch.comparison import Comparison, KnownTasks, compare, recognise
from runfleet.launch.record import Generation

RUNS = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from([b"1", b"2", b"3"]))


def known(number: int, tasks: dict[str, bytes], *, repeated: str = "") -> KnownTasks:
    generation = Generation(number, f"job-{number}", len(tasks), adding=False)
    return KnownTasks(generation, tasks, repeated=frozenset(repeated))


def test_a_new_study_has_all_its_runs_to_do() -> None:
    """In its own order."""
    comparison = compare({"b": b"1", "a": b"1"}, [])
    assert list(comparison.to_run) == ["b", "a"]
    assert comparison.added == ["b", "a"]


def test_finished_runs_are_kept() -> None:
    """As long as their fingerprints are."""
    comparison = compare(
        {"a": b"1", "b": b"2", "c": b"1"}, [known(1, {"a": b"1", "b": b"1", "d": b"1"})]
    )
    assert comparison.to_run == {"b": b"2", "c": b"1"}
    assert comparison.outdated == {"job-1": {"b", "d"}}
    assert (comparison.added, comparison.changed, comparison.removed) == (["c"], ["b"], ["d"])


def test_the_newest_task_counts() -> None:
    """Where two have done the same."""
    history = [known(1, {"a": b"1"}), known(2, {"a": b"1"})]
    comparison = compare({"a": b"1"}, history)
    assert comparison.outdated == {"job-1": {"a"}, "job-2": set()}
    assert (comparison.to_run, comparison.removed) == ({}, [])


def test_a_run_can_be_repeated_unchanged() -> None:
    """One that failed, for example."""
    comparison = compare({"a": b"1", "b": b"1"}, [known(1, {"a": b"1", "b": b"1"}, repeated="b")])
    assert (comparison.to_run, comparison.repeated) == ({"b": b"1"}, ["b"])


def test_a_task_that_suffices_counts() -> None:
    """Where its fingerprint is that of its own run; another version of it does not."""
    history = [known(1, {"a": b"5", "b": b"9"})]
    recognised = recognise(history, {"a": b"1", "b": b"1"}, {"a": b"5", "b": b"6"})
    assert compare({"a": b"1", "b": b"1"}, recognised).to_run == {"b": b"1"}


def test_a_task_just_as_it_is_wanted_comes_first() -> None:
    """An edit that is taken back has the results of before; unless they never came to be."""
    runs, alike = {"a": b"1", "b": b"1"}, {"a": b"5", "b": b"5"}
    history = [known(1, {"a": b"1", "b": b"1"}, repeated="b"), known(2, {"a": b"5", "b": b"5"})]
    comparison = compare(runs, recognise(history, runs, alike))
    assert comparison.outdated == {"job-1": {"b"}, "job-2": {"a"}}
    assert comparison.to_run == {}


@given(st.lists(RUNS, max_size=4), RUNS, RUNS)
def test_only_what_suffices_is_recognised(
    versions: list[dict[str, bytes]], now: dict[str, bytes], alike: dict[str, bytes]
) -> None:
    """Each run counts once, and by a task that was as it is wanted or as it suffices."""
    alike = {name: b"more " + alike.get(name, b"") for name in now}
    history = [known(number, tasks) for number, tasks in enumerate(versions, start=1)]
    comparison = compare(now, recognise(history, now, alike))
    kept = [
        (name, fingerprint)
        for tasks in history
        for name, fingerprint in tasks.tasks.items()
        if name not in comparison.outdated[tasks.generation.job_id]
    ]
    assert sorted([*dict(kept), *comparison.to_run]) == sorted(now)
    assert all(fingerprint in (now[name], alike[name]) for name, fingerprint in kept)


@given(st.lists(RUNS, max_size=4), RUNS)
def test_every_run_counts_exactly_once(
    versions: list[dict[str, bytes]], now: dict[str, bytes]
) -> None:
    """Whatever was edited before: each run has one task that counts, and it is the right one."""
    history: list[KnownTasks] = []
    for number, runs in enumerate(versions, start=1):
        history.append(known(number, dict(compare(runs, history).to_run)))
    comparison = compare(now, history)
    assert counting(comparison, history) == sorted(now.items())


def counting(comparison: Comparison, history: list[KnownTasks]) -> list[tuple[str, bytes]]:
    """The runs that have a task that counts, those to be run included."""
    kept = [
        (name, fingerprint)
        for tasks in history
        for name, fingerprint in tasks.tasks.items()
        if name not in comparison.outdated[tasks.generation.job_id]
    ]
    return sorted([*kept, *comparison.to_run.items()])
