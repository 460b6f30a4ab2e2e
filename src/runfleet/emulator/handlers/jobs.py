"""Requests about jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.records import Failure, Job, JobNode
from runfleet.batch.specs import JobSpec
from runfleet.batch.states import ErrorCategory
from runfleet.emulator.service import Service
from runfleet.scheduler import job_requests
from runfleet.scheduler.commands import Command
from runfleet.wire import fields, jobs
from runfleet.wire.bodies import JsonObject
from runfleet.wire.conditions import check_conditions
from runfleet.wire.paging import entity_json, list_json
from runfleet.wire.requests import Request
from runfleet.wire.responses import Response, respond


def _job(service: Service, request: Request) -> Job:
    job = service.engine.state.job(request.parameters["job_id"]).job
    check_conditions(request, job.last_modified)
    return job


async def list_jobs(service: Service, request: Request) -> Response:
    """List the jobs of the account."""
    shapes = (
        (key, jobs.job_json(entry.job, base=request.base))
        for key, entry in sorted(service.engine.state.jobs.items())
    )
    return respond(request, list_json(request, "jobs", fields.JOBS, shapes))


async def get_job(service: Service, request: Request) -> Response:
    """Read one job."""
    job = _job(service, request)
    shape = entity_json(request, "jobs", jobs.job_json(job, base=request.base))
    return respond(request, shape, last_modified=job.last_modified)


async def create_job(service: Service, request: Request) -> Response:
    """Add a job."""
    asked = jobs.parse_create(request.body)
    service.packages.check(asked.packages)
    service.engine.decide(
        job_requests.create_job,
        asked.spec,
        asked.body,
        scheduling_error=_scheduling_error(service, asked.spec),
    )
    created = service.engine.state.job(asked.spec.job_id).job
    await service.engine.committed()
    # The service itself names `jobs/job-1` here, whatever the id; the true URL is safer.
    location = f"{request.url}/{asked.spec.job_id}"
    return respond(request, last_modified=created.last_modified, location=location)


def _scheduling_error(service: Service, spec: JobSpec) -> Failure | None:
    """Why a job's auto pool cannot be made: the job is there all the same, and completed."""
    try:
        if spec.auto_pool is not None:
            service.check_pool(spec.auto_pool.pool)
    except BatchRuleError as error:
        if error.code != "InvalidApplicationPackageReferences":
            raise
        code = "InvalidApplicationPackageReferencesInAutoPool"
        message = "An application package of the auto pool is not there."
        return Failure(ErrorCategory.USER_ERROR, code, message, error.details)
    return None


async def update_job(service: Service, request: Request) -> Response:
    """Change some properties of a job."""
    job = _job(service, request)
    return await _change(service, request, jobs.patch(job, request.body))


async def replace_job(service: Service, request: Request) -> Response:
    """Replace the properties of a job that may change."""
    job = _job(service, request)
    return await _change(service, request, jobs.replace(job, request.body))


async def _change(service: Service, request: Request, asked: jobs.ParsedJob) -> Response:
    return await _ask(service, request, job_requests.update_job, asked.spec, asked.body)


async def _ask(
    service: Service,
    request: Request,
    decision: Callable[..., list[Command]],
    *arguments: Any,
    **options: Any,
) -> Response:
    job = _job(service, request)
    service.engine.decide(decision, *arguments, **options)
    await service.engine.committed()
    return respond(request, last_modified=job.last_modified)


async def delete_job(service: Service, request: Request) -> Response:
    """Delete a job with its tasks and their files."""
    job = _job(service, request)
    force = request.flag("force")
    service.engine.decide(job_requests.delete_job, job.spec.job_id, force=force)
    await service.engine.committed()
    return respond(request)


async def disable_job(service: Service, request: Request) -> Response:
    """Start no more tasks of a job."""
    option = jobs.parse_disable(request.body)
    job_id = request.parameters["job_id"]
    return await _ask(service, request, job_requests.disable_job, job_id, option)


async def enable_job(service: Service, request: Request) -> Response:
    """Let the tasks of a job run again."""
    return await _ask(service, request, job_requests.enable_job, request.parameters["job_id"])


async def terminate_job(service: Service, request: Request) -> Response:
    """End a job."""
    reason = jobs.parse_terminate(request.body)
    job_id = request.parameters["job_id"]
    force = request.flag("force")
    return await _ask(service, request, job_requests.terminate_job, job_id, reason, force=force)


async def get_job_task_counts(service: Service, request: Request) -> Response:
    """Count the tasks of a job by state."""
    counts = jobs.task_counts_json(_job(service, request), request.query["api-version"])
    return respond(request, entity_json(request, "taskcountsresult", counts))


async def list_job_preparation_and_release_task_status(
    service: Service, request: Request
) -> Response:
    """List what the preparation and release tasks of a job did on each node."""
    job = _job(service, request)
    if job.spec.preparation is None and job.spec.release is None:
        raise BatchRuleError("JobPreparationTaskOrReleaseTaskNotSpecified")
    shapes = (
        (node.node_id, _preparation_release_json(service, request, node, job.spec))
        for node in service.engine.store.job_nodes(job.spec.job_id)
    )
    kind = "jobpreparationandreleasetaskstatuslist"
    return respond(request, list_json(request, kind, fields.PREPARATION_AND_RELEASE, shapes))


def _preparation_release_json(
    service: Service, request: Request, node: JobNode, spec: JobSpec
) -> JsonObject:
    os_type = service.os_type(node.pool_id)
    return jobs.preparation_release_json(node, spec, base=request.base, os_type=os_type)
