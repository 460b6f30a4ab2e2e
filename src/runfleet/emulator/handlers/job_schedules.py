"""Requests about job schedules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runfleet.batch.records import JobSchedule
from runfleet.emulator.service import Service
from runfleet.scheduler import schedule_requests
from runfleet.scheduler.commands import Command
from runfleet.wire import fields, job_schedules
from runfleet.wire.conditions import check_conditions
from runfleet.wire.jobs import job_json
from runfleet.wire.paging import entity_json, list_json
from runfleet.wire.requests import Request
from runfleet.wire.responses import Response, respond


def _schedule(service: Service, request: Request) -> JobSchedule:
    schedule_id = request.parameters["job_schedule_id"]
    schedule = service.engine.state.job_schedule(schedule_id).schedule
    check_conditions(request, schedule.last_modified)
    return schedule


async def list_job_schedules(service: Service, request: Request) -> Response:
    """List the job schedules of the account."""
    shapes = (
        (key, job_schedules.job_schedule_json(entry.schedule, base=request.base))
        for key, entry in sorted(service.engine.state.job_schedules.items())
    )
    return respond(request, list_json(request, "jobschedules", fields.JOB_SCHEDULES, shapes))


async def get_job_schedule(service: Service, request: Request) -> Response:
    """Read one job schedule."""
    schedule = _schedule(service, request)
    shape = job_schedules.job_schedule_json(schedule, base=request.base)
    entity = entity_json(request, "jobschedules", shape)
    return respond(request, entity, last_modified=schedule.last_modified)


async def job_schedule_exists(service: Service, request: Request) -> Response:
    """Say whether a job schedule is there."""
    return respond(request, last_modified=_schedule(service, request).last_modified)


async def create_job_schedule(service: Service, request: Request) -> Response:
    """Add a job schedule."""
    asked = job_schedules.parse_create(request.body)
    _check_jobs(service, asked)
    service.engine.decide(schedule_requests.create_job_schedule, asked.spec, asked.body)
    created = service.engine.state.job_schedule(asked.spec.schedule_id).schedule
    await service.engine.committed()
    location = f"{request.url}/{asked.spec.schedule_id}"
    return respond(request, last_modified=created.last_modified, location=location)


async def update_job_schedule(service: Service, request: Request) -> Response:
    """Change some properties of a job schedule."""
    schedule = _schedule(service, request)
    return await _change(service, request, job_schedules.patch(schedule, request.body))


async def replace_job_schedule(service: Service, request: Request) -> Response:
    """Replace the properties of a job schedule."""
    schedule = _schedule(service, request)
    return await _change(service, request, job_schedules.replace(schedule, request.body))


async def _change(
    service: Service, request: Request, asked: job_schedules.ParsedJobSchedule
) -> Response:
    _check_jobs(service, asked)
    decision = schedule_requests.update_job_schedule
    return await _ask(service, request, decision, asked.spec, asked.body)


def _check_jobs(service: Service, asked: job_schedules.ParsedJobSchedule) -> None:
    """Refuse what its jobs could not have, while there is somebody to be told."""
    service.packages.check(asked.packages)
    auto_pool = asked.spec.job.auto_pool
    if auto_pool is not None:
        service.check_pool(auto_pool.pool)


async def _ask(
    service: Service,
    request: Request,
    decision: Callable[..., list[Command]],
    *arguments: Any,
    **options: Any,
) -> Response:
    schedule = _schedule(service, request)
    service.engine.decide(decision, *arguments, **options)
    await service.engine.committed()
    return respond(request, last_modified=schedule.last_modified)


async def disable_job_schedule(service: Service, request: Request) -> Response:
    """Have a schedule make no more jobs."""
    return await _switch(service, request, schedule_requests.disable_job_schedule)


async def enable_job_schedule(service: Service, request: Request) -> Response:
    """Have a schedule make jobs again."""
    return await _switch(service, request, schedule_requests.enable_job_schedule)


async def terminate_job_schedule(service: Service, request: Request) -> Response:
    """End a schedule and its active job."""
    decision = schedule_requests.terminate_job_schedule
    return await _switch(service, request, decision, force=request.flag("force"))


async def _switch(
    service: Service, request: Request, decision: Callable[..., list[Command]], **options: bool
) -> Response:
    schedule_id = request.parameters["job_schedule_id"]
    return await _ask(service, request, decision, schedule_id, **options)


async def delete_job_schedule(service: Service, request: Request) -> Response:
    """Delete a schedule with all its jobs."""
    schedule = _schedule(service, request)
    decision = schedule_requests.delete_job_schedule
    force = request.flag("force")
    service.engine.decide(decision, schedule.spec.schedule_id, force=force)
    await service.engine.committed()
    return respond(request)


async def list_jobs_from_schedule(service: Service, request: Request) -> Response:
    """List the jobs that a schedule has made."""
    schedule = service.engine.state.job_schedule(request.parameters["job_schedule_id"])
    shapes = (
        (key, job_json(entry.job, base=request.base))
        for key, entry in sorted(schedule.jobs.items())
    )
    return respond(request, list_json(request, "jobs", fields.JOBS_OF_SCHEDULE, shapes))
