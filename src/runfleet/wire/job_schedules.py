"""Job schedules: what clients send and what they read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

import orjson

from runfleet.batch.records import JobSchedule
from runfleet.batch.specs import ApplicationPackageReference, JobScheduleSpec
from runfleet.wire import auto_pools, jobs, models
from runfleet.wire.bodies import (
    JsonObject,
    check_display_name,
    check_id,
    check_metadata,
    check_shape,
    read_body,
    read_json,
)
from runfleet.wire.conditions import etag
from runfleet.wire.errors import invalid_property
from runfleet.wire.shapes import optional_time, present
from runfleet.wire.values import parse_limit, parse_time, time_text

MIN_INTERVAL = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ParsedJobSchedule:
    """
    A job schedule as it was asked for.

    Parameters
    ----------
    spec
        What decides when jobs are made, and what they are like.
    body
        What is remembered of the request beside the jobs.
    packages
        Those that the managers of its jobs need.
    """

    spec: JobScheduleSpec
    body: str
    packages: tuple[ApplicationPackageReference, ...]


def parse_create(body: bytes) -> ParsedJobSchedule:
    """
    Read a request to add a job schedule.

    Raises
    ------
    WireError
        If the body is no job schedule, or asks for what is not built.
    """
    asked = read_body(models.BatchJobScheduleCreateOptions, body)
    check_id("id", asked["id"])
    job = jobs.parse_specification(asked["jobSpecification"])
    return _parsed(asked["id"], job, dict(asked))


def patch(schedule: JobSchedule, body: bytes) -> ParsedJobSchedule:
    """
    Apply a request to update a job schedule; what the request leaves out stays.

    Raises
    ------
    WireError
        If the request is wrong in itself.
    """
    changes = check_shape(models.BatchJobScheduleUpdateOptions, _read_change(schedule, body))
    job = jobs.ParsedJob(schedule.spec.job, schedule.spec.job_body)
    if "jobSpecification" in changes:
        job = jobs.parse_specification(changes["jobSpecification"])
    return _parsed(schedule.spec.schedule_id, job, orjson.loads(schedule.body) | dict(changes))


def replace(schedule: JobSchedule, body: bytes) -> ParsedJobSchedule:
    """Apply a request to replace a job schedule; without `schedule` it makes one job, at once."""
    asked = check_shape(models.BatchJobSchedule, _read_change(schedule, body))
    job = jobs.parse_specification(asked["jobSpecification"])
    kept = {n: v for n, v in orjson.loads(schedule.body).items() if n == "displayName"}
    return _parsed(schedule.spec.schedule_id, job, {**kept, **asked})


def _read_change(schedule: JobSchedule, body: bytes) -> object:
    content = read_json(body)
    specification = content.get("jobSpecification") if isinstance(content, dict) else None
    auto_pools.complete_secrets(specification, jobs.auto_pool_of(schedule.spec.job_body))
    return content


def job_schedule_json(schedule: JobSchedule, *, base: str) -> JsonObject:
    """A job schedule as clients read it."""
    state = {
        "url": f"{base}/jobschedules/{schedule.spec.schedule_id}",
        "eTag": etag(schedule.last_modified),
        "lastModified": time_text(schedule.last_modified),
        "creationTime": time_text(schedule.creation_time),
        "state": schedule.state,
        "stateTransitionTime": time_text(schedule.state_time),
        "previousState": schedule.previous_state,
        "previousStateTransitionTime": optional_time(schedule.previous_state_time),
    }
    return {
        "id": schedule.spec.schedule_id,
        **present(state),
        **orjson.loads(schedule.body),
        "jobSpecification": jobs.specification_json(schedule.spec.job_body),
        "executionInfo": _execution_json(schedule, base),
    }


def _execution_json(schedule: JobSchedule, base: str) -> JsonObject:
    has_ended = schedule.end_time is not None
    recent = schedule.recent_job_id
    info = {
        "nextRunTime": None if has_ended else optional_time(schedule.next_run_time),
        "recentJob": recent and {"id": recent, "url": f"{base}/jobs/{recent}"},
        "endTime": optional_time(schedule.end_time),
    }
    return present(info)


def _parsed(schedule_id: str, job: jobs.ParsedJob, asked: JsonObject) -> ParsedJobSchedule:
    check_display_name(asked)
    check_metadata(asked.get("metadata", ()))
    times = cast("models.BatchJobScheduleConfiguration", asked.get("schedule", {}))
    spec = JobScheduleSpec(
        schedule_id=schedule_id,
        job=job.spec,
        job_body=job.body,
        do_not_run_until=_instant(times.get("doNotRunUntil")),
        do_not_run_after=_instant(times.get("doNotRunAfter")),
        start_window=_interval("startWindow", times.get("startWindow")),
        recurrence_interval=_interval("recurrenceInterval", times.get("recurrenceInterval")),
    )
    _check_order(spec)
    kept = {name: asked[name] for name in ("displayName", "schedule", "metadata") if name in asked}
    return ParsedJobSchedule(spec, orjson.dumps(kept).decode(), job.packages)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)


def _interval(name: str, text: str | None) -> timedelta | None:
    interval = parse_limit(text)
    if interval is not None and interval < MIN_INTERVAL:
        raise invalid_property(name, text, "must be at least 1 minute")
    return interval


def _check_order(spec: JobScheduleSpec) -> None:
    first, last = spec.do_not_run_until, spec.do_not_run_after
    if first is not None and last is not None and last < first:
        reason = "must not be earlier than doNotRunUntil"
        raise invalid_property("doNotRunAfter", time_text(last), reason)
