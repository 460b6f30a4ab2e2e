"""Why a calibration is where it is: one sentence, and the next step."""

from __future__ import annotations

from dataclasses import dataclass

from runfleet.calibrate.progress.progress import Progress
from runfleet.calibrate.states import CalibrationProgress, CalibrationState
from runfleet.calibrate.waiting import explain_place
from runfleet.launch.explanation import Explanation, Situation


@dataclass(frozen=True)
class Standing:
    """
    What there is to know about a calibration.

    Parameters
    ----------
    study
        Its name.
    progress
        How far it is.
    is_adding
        Whether its submission is going on, or was interrupted.
    situation
        Of its pool, where the manager or all workers wait for a place there.
    rivals
        Other calibrations there, whose managers may have taken all places.
    """

    study: str
    progress: CalibrationProgress
    is_adding: bool = False
    situation: Situation | None = None
    rivals: tuple[str, ...] = ()


def needs_situation(progress: CalibrationProgress) -> bool:
    """Tell whether it is up to the pool that a calibration does not go on."""
    workers = progress.workers
    is_placeless = workers.waiting > 0 and not workers.running
    is_waiting = progress.state is CalibrationState.WAITING
    return not progress.state.has_ended and (is_waiting or is_placeless)


def explain_calibration(standing: Standing) -> Explanation:
    """
    Say in one sentence why a calibration is where it is, and what to do next.

    Parameters
    ----------
    standing
        What is known about it.
    """
    progress = standing.progress
    if progress.state.has_ended:
        return _ended(standing)
    if standing.situation is not None:
        is_waiting = progress.state is CalibrationState.WAITING
        task = "the manager" if is_waiting else "every worker"
        return explain_place(task, standing.situation, standing.rivals)
    if progress.workers.are_all_over:
        return _all_over(standing)
    if not progress.workers.present:
        return _without_workers(standing)
    if not progress.pest.workers_seen:
        return _unregistered(standing)
    return _running(standing)


def _ended(standing: Standing) -> Explanation:
    study, progress = standing.study, standing.progress
    if progress.state is CalibrationState.SUCCEEDED:
        return Explanation(
            f"`{study}` has come to its end{_reached(progress.pest)}{_failures(progress.pest)}",
            f"`runfleet results {study}` collects what it has found",
        )
    if progress.error is None:
        return Explanation(f"`{study}` has {progress.state}", is_stuck=True)
    what = progress.error.what
    if progress.state is CalibrationState.CANCELLED:
        what = f"`{study}` was cancelled{_reached(progress.pest)}"
    return Explanation(what, progress.error.hint or "", is_stuck=True, output=progress.error.output)


def _without_workers(standing: Standing) -> Explanation:
    study = standing.study
    return Explanation(
        f"the manager of `{study}` has started, and nobody has submitted its workers yet",
        f"if nobody is submitting it, `runfleet run {study}` goes on; "
        f"`runfleet logs {study} manager` shows what the manager writes",
    )


def _all_over(standing: Standing) -> Explanation:
    study, workers = standing.study, standing.progress.workers
    if not workers.died:
        return Explanation(
            f"all workers of `{study}` have ended: its manager has sent them home and is about to "
            "end, or it waits for ever",
            f"wait a minute; if it goes on, `runfleet logs {study} worker-001` shows why they have "
            f"ended, and `runfleet watch {study}` ends it",
        )
    return Explanation(
        f"all workers of `{study}` have ended, {workers.died} of them badly, and its manager waits "
        "for new ones",
        f"see why in `runfleet logs {study} worker-001`; `runfleet cancel {study}`, mend it, then "
        f"`runfleet calibrate resume {study}` goes on",
        is_stuck=True,
    )


def _unregistered(standing: Standing) -> Explanation:
    study = standing.study
    again = f"; if nobody is submitting it, `runfleet run {study}` goes on"
    return Explanation(
        f"{standing.progress.workers.running} of the workers of `{study}` run, and none has "
        "registered with the manager",
        f"wait a minute, then look at `runfleet logs {study} worker-001`"
        f"{again if standing.is_adding else ''}",
    )


def _running(standing: Standing) -> Explanation:
    study, pest = standing.study, standing.progress.pest
    where = "" if pest.iteration is None else f" in iteration {pest.iteration}"
    sentence = f"`{study}` is{where or ' running'}: {_busy(standing.progress)}"
    if pest.errors:
        return Explanation(
            f"{sentence}; its manager says: {pest.errors[-1]}",
            f"look at `runfleet logs {study} manager`",
        )
    if standing.is_adding:
        return Explanation(
            f"{sentence}; not all workers are submitted",
            f"if nobody is submitting it, `runfleet run {study}` goes on",
        )
    if pest.runs_failed:
        return Explanation(
            f"{sentence}{_failures(pest)}",
            f"a worker's log tells why: `runfleet logs {study} worker-001`",
        )
    return Explanation(sentence, f"wait, or watch it: `runfleet watch {study}`")


def _failures(pest: Progress) -> str:
    """`; 3 of 20 model runs have failed`; empty where none has."""
    failed = pest.runs_failed or 0
    total = failed + (pest.runs_done or 0)
    return f"; {failed:,} of {total:,} model runs have failed" if failed else ""


def _busy(progress: CalibrationProgress) -> str:
    """Say what the workers are at, and the manager if they are not."""
    waiting = progress.workers.waiting
    return _at_work(progress.pest) + (f", {waiting} more wait for a node" if waiting else "")


def _at_work(pest: Progress) -> str:
    registered = pest.workers_registered
    if registered is None:
        return "its manager tells nothing of its workers yet"
    if not registered:
        return "its manager has lost all its workers, and waits for them to come back"
    if not pest.workers_busy:
        return f"its {registered} workers wait while the manager itself is at work"
    return f"{pest.workers_busy} of {registered} workers are busy"


def _reached(pest: Progress) -> str:
    """Say how far it has come: ` in iteration 3, with phi 0.15`."""
    where = "" if pest.iteration is None else f" in iteration {pest.iteration}"
    return where + ("" if pest.phi is None else f", with phi {pest.phi:.6g}{lowest_text(pest)}")


def lowest_text(pest: Progress) -> str:
    """`, lowest 0.15 in iteration 2`, or `at the start`; empty where the last is the lowest."""
    if pest.lowest is None:
        return ""
    number, phi = pest.lowest
    return f", lowest {phi:.6g} " + (f"in iteration {number}" if number else "at the start")
