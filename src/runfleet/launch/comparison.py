"""Which runs of a study have yet to be done, and which earlier tasks no longer count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from runfleet.launch.record import Generation

Fingerprints = Mapping[str, bytes]
"""A fingerprint for each run, by the run's name, in the order of the study."""


@dataclass(frozen=True)
class KnownTasks:
    """
    The tasks of a generation.

    Parameters
    ----------
    generation
        Whose they are.
    tasks
        For each its fingerprint, by the run's name; also of tasks that no longer count.
    outdated
        Those that did not count until now.
    repeated
        Those that are to be done again though nothing about them has changed: they never ran, were
        cancelled, or have failed and are retried.
    absent
        The runs that it was to have and that were never added, as far as is known.
    """

    generation: Generation
    tasks: Fingerprints
    outdated: frozenset[str] = frozenset()
    repeated: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Comparison:
    """
    A study beside what has been done of it.

    Parameters
    ----------
    to_run
        The runs to be done, in the order of the study.
    outdated
        The tasks that no longer count, by job.
    added, changed, repeated, removed
        The names of runs that are new, that differ from an earlier run of the same name, that are
        done again unchanged, and that the study no longer has.
    """

    to_run: Fingerprints
    outdated: Mapping[str, frozenset[str]]
    added: Sequence[str] = field(default_factory=list)
    changed: Sequence[str] = field(default_factory=list)
    repeated: Sequence[str] = field(default_factory=list)
    removed: Sequence[str] = field(default_factory=list)


def compare(runs: Fingerprints, history: Sequence[KnownTasks]) -> Comparison:
    """
    Find for each run the newest task that has done it, or does it, as the study wants it now.

    Parameters
    ----------
    runs
        The study as it is now.
    history
        Its generations, the oldest first.
    """
    if not history:
        return Comparison(runs, {}, added=list(runs))
    to_run = dict(runs)
    outdated: dict[str, frozenset[str]] = {}
    for known in reversed(history):
        kept = {
            name
            for name, fingerprint in known.tasks.items()
            if to_run.get(name) == fingerprint and name not in known.repeated
        }
        outdated[known.generation.job_id] = frozenset(known.tasks.keys() - kept)
        for name in kept:
            del to_run[name]
    return _sorted_out(runs, history, to_run, outdated)


def recognise(
    history: Sequence[KnownTasks], runs: Fingerprints, alike: Fingerprints
) -> list[KnownTasks]:
    """
    Take tasks that differ from what the study wants, but suffice, for those that it wants.

    Where there is a task that is just as it is wanted, no other comes in its place.

    Parameters
    ----------
    history
        The generations of the study.
    runs
        The study as it is now.
    alike
        The fingerprints by which tasks suffice for the same runs.
    """
    exact = {
        name
        for known in history
        for name, fingerprint in known.tasks.items()
        if runs.get(name) == fingerprint and name not in known.repeated
    }
    lacking = {name: alike[name] for name in runs.keys() - exact}
    return [replace(known, tasks=_recognised(known.tasks, runs, lacking)) for known in history]


def _recognised(tasks: Fingerprints, runs: Fingerprints, alike: Fingerprints) -> Fingerprints:
    return {
        name: runs[name] if alike.get(name) == fingerprint else fingerprint
        for name, fingerprint in tasks.items()
    }


def _sorted_out(
    runs: Fingerprints,
    history: Sequence[KnownTasks],
    to_run: Fingerprints,
    outdated: Mapping[str, frozenset[str]],
) -> Comparison:
    latest: dict[str, bytes] = {}
    for known in history:
        current = known.tasks.keys() - known.outdated
        latest.update((name, known.tasks[name]) for name in known.tasks if name in current)
    return Comparison(
        to_run,
        outdated,
        added=[name for name in to_run if name not in latest],
        changed=[name for name in to_run if latest.get(name, to_run[name]) != to_run[name]],
        repeated=[name for name in to_run if latest.get(name) == to_run[name]],
        removed=[name for name in latest if name not in runs],
    )
