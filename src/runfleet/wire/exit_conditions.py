"""What is to follow from the ways in which a task can end: checked, and as decisions need it."""

from __future__ import annotations

from collections.abc import Iterator

from runfleet.batch.specs import ExitCodeOptions, ExitConditions, ExitOptions, JobSpec
from runfleet.batch.states import DependencyAction, JobAction, OnTaskFailure
from runfleet.wire import models
from runfleet.wire.errors import invalid_property


def check_exit_conditions(task: models.BatchTaskCreateOptions, job: JobSpec) -> None:
    """Refuse actions that the job takes no notice of."""
    for options in _all_options(task.get("exitConditions", {})):
        if "jobAction" in options and job.on_task_failure is OnTaskFailure.NO_ACTION:
            reason = "the job's onTaskFailure is noaction"
            raise invalid_property("jobAction", options["jobAction"], reason)
        if "dependencyAction" in options and not job.uses_task_dependencies:
            reason = "the job's usesTaskDependencies is false"
            raise invalid_property("dependencyAction", options["dependencyAction"], reason)


def _all_options(asked: models.ExitConditions) -> Iterator[models.ExitOptions]:
    for code in asked.get("exitCodes", ()):
        yield code["exitOptions"]
    for codes in asked.get("exitCodeRanges", ()):
        yield codes["exitOptions"]
    errors = (asked.get("preProcessingError"), asked.get("fileUploadError"), asked.get("default"))
    yield from filter(None, errors)


def exit_conditions(task: models.BatchTaskCreateOptions) -> ExitConditions | None:
    """The exit conditions of a task that has been checked, or None where it has none."""
    asked = task.get("exitConditions")
    if not asked:
        return None
    single = ((one["code"], one["code"], one["exitOptions"]) for one in asked.get("exitCodes", ()))
    ranges = (
        (one["start"], one["end"], one["exitOptions"]) for one in asked.get("exitCodeRanges", ())
    )
    return ExitConditions(
        # A code of its own comes before any range.
        tuple(
            ExitCodeOptions(first, last, _options(options))
            for first, last, options in (*single, *ranges)
        ),
        pre_processing_error=_optional(asked.get("preProcessingError")),
        file_upload_error=_optional(asked.get("fileUploadError")),
        default=_optional(asked.get("default")),
    )


def _optional(asked: models.ExitOptions | None) -> ExitOptions | None:
    return None if asked is None else _options(asked)


def _options(asked: models.ExitOptions) -> ExitOptions:
    return ExitOptions(
        JobAction(asked["jobAction"]) if "jobAction" in asked else None,
        DependencyAction(asked["dependencyAction"]) if "dependencyAction" in asked else None,
    )
