"""Requests about tasks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.records import Job, Task
from runfleet.batch.specs import ApplicationPackageReference
from runfleet.batch.states import OsType
from runfleet.emulator.new_tasks import max_task_retry_count, new_task
from runfleet.emulator.service import Service
from runfleet.scheduler import task_requests
from runfleet.scheduler.commands import Command
from runfleet.scheduler.demands import demand_slots
from runfleet.scheduler.job_requests import demand_living
from runfleet.store import Store, StoredTask
from runfleet.wire import coverage, fields, tasks
from runfleet.wire.bodies import JsonObject
from runfleet.wire.conditions import check_conditions
from runfleet.wire.errors import WireError, not_implemented
from runfleet.wire.odata import parse_select, select_members
from runfleet.wire.paging import Page, entity_json, page_json, read_list_query
from runfleet.wire.requests import Request
from runfleet.wire.responses import Response, respond
from runfleet.wire.subtasks import subtask_json
from runfleet.wire.tasks import ParsedTask, RefusedTask, TaskHead

_SEQUENCE = re.compile("[0-9]{1,18}")


def _living_job(service: Service, request: Request) -> Job:
    entry = service.engine.state.job(request.parameters["job_id"])
    demand_living(entry)
    return entry.job


def find_task(service: Service, request: Request) -> StoredTask:
    """The task that a request names."""
    stored = _stored_task(service, request)
    check_conditions(request, stored.task.last_modified)
    return stored


def _stored_task(service: Service, request: Request) -> StoredTask:
    job = service.engine.state.job(request.parameters["job_id"]).job
    number = service.engine.store.job_number(job.spec.job_id)
    stored = service.engine.store.tasks.find(number, request.parameters["task_id"])
    if stored is None:
        raise BatchRuleError("TaskNotFound")
    return stored


async def list_tasks(service: Service, request: Request) -> Response:
    """List the tasks of a job, in the order they were added."""
    job = service.engine.state.job(request.parameters["job_id"]).job
    query = read_list_query(request, fields.TASKS)
    found = service.engine.store.tasks.page(
        service.engine.store.job_number(job.spec.job_id),
        query.condition,
        after=_last_sequence(query.after),
        limit=query.page_size + 1,
        with_bodies=query.select is None or tasks.needs_body(query.select),
    )
    shown = found[: query.page_size]
    follows = len(found) > len(shown)
    after = str(shown[-1].task.sequence) if follows else ""
    page = Page([_task_json(service, request, one) for one in shown], after)
    return respond(request, page_json(request, "tasks", page, query))


def _task_json(service: Service, request: Request, stored: StoredTask) -> JsonObject:
    os_type = service.os_type(stored.task.pool_id)
    return tasks.task_json(stored.task, stored.body, base=request.base, os_type=os_type)


def _last_sequence(after: str) -> int:
    if after and not _SEQUENCE.fullmatch(after):
        raise WireError("InvalidQueryParameterValue", {"QueryParameterName": "$skiptoken"})
    return int(after or 0)


async def get_task(service: Service, request: Request) -> Response:
    """Read one task."""
    stored = find_task(service, request)
    shape = _task_json(service, request, stored)
    last_modified = stored.task.last_modified
    return respond(request, entity_json(request, "tasks", shape), last_modified=last_modified)


async def create_task(service: Service, request: Request) -> Response:
    """Add one task to a job."""
    job = _living_job(service, request)
    parsed = tasks.parse_create(request.body, job.spec)
    (result,) = _add(service, job, [parsed], request.received)
    if isinstance(result, RefusedTask):
        raise result.error
    await service.engine.committed()
    location = f"{request.url}/{parsed.head.task_id}"
    return respond(request, last_modified=request.received, location=location)


async def create_task_collection(service: Service, request: Request) -> Response:
    """Add up to 100 tasks to a job; each is added or refused by itself."""
    job = _living_job(service, request)
    parsed = tasks.parse_collection(request.body, job.spec)
    results = _add(service, job, parsed, request.received)
    await service.engine.committed()
    answers = [_result_json(request, job, result) for result in results]
    return respond(request, tasks.collection_json(request.base, answers))


def _add(
    service: Service,
    job: Job,
    parsed: Sequence[ParsedTask | RefusedTask],
    received: datetime,
) -> list[ParsedTask | RefusedTask]:
    """Store and queue what can be added; what exists already is refused."""
    table = service.engine.store.tasks
    number = service.engine.store.job_number(job.spec.job_id)
    ids = [task.head.task_id for task in parsed if isinstance(task, ParsedTask)]
    taken = table.existing(number, ids)
    missing = service.packages.refusals(
        reference
        for task in parsed
        if isinstance(task, ParsedTask)
        for reference in task.head.packages
    )
    results: list[ParsedTask | RefusedTask] = []
    added: list[StoredTask] = []
    for task in parsed:
        result = _check_possible(service, job, missing, _check_new(task, taken))
        results.append(result)
        if isinstance(result, ParsedTask):
            sequence = table.next_sequence()
            added.append(StoredTask(new_task(job, result.head, sequence, received), result.body))
    heads = [result.head for result in results if isinstance(result, ParsedTask)]
    records = [stored.task for stored in added]
    with service.engine.health.guard(BatchRuleError):
        table.add(number, added)
        _add_dependencies(service.engine.store, number, zip(records, heads, strict=True))
        service.engine.decide(task_requests.add_tasks, job.spec.job_id, records)
    return results


def _add_dependencies(
    store: Store, job_number: int, added: Iterable[tuple[Task, TaskHead]]
) -> None:
    for task, head in added:
        if head.dependencies is not None:
            child = task.sequence
            task.is_blocked = store.dependencies.add(job_number, child, head.dependencies)


def _check_new(task: ParsedTask | RefusedTask, taken: set[str]) -> ParsedTask | RefusedTask:
    if isinstance(task, RefusedTask):
        return task
    key = task.head.task_id.lower()
    if key in taken:
        return RefusedTask(task.head.task_id, WireError("TaskExists"))
    taken.add(key)
    return task


def _check_possible(
    service: Service,
    job: Job,
    missing: Mapping[ApplicationPackageReference, BatchRuleError],
    task: ParsedTask | RefusedTask,
) -> ParsedTask | RefusedTask:
    """Refuse what could never run: its packages are missing, or it needs more than a node has."""
    if isinstance(task, RefusedTask):
        return task
    for reference in task.head.packages:
        if reference in missing:
            return RefusedTask(task.head.task_id, missing[reference])
    try:
        demand_slots(service.engine.state, job.spec, task.head.required_slots)
        if task.head.instances:
            _refuse_windows(service, job)
    except BatchRuleError as error:
        return RefusedTask(task.head.task_id, error)
    return task


def _refuse_windows(service: Service, job: Job) -> None:
    pool = service.engine.state.pools.get(job.spec.pool_id.lower())
    if pool is not None and pool.pool.spec.os_type is OsType.WINDOWS:
        raise not_implemented(coverage.WINDOWS_TOGETHER.reason("multiInstanceSettings"))


def _result_json(request: Request, job: Job, result: ParsedTask | RefusedTask) -> JsonObject:
    if isinstance(result, RefusedTask):
        return tasks.refused_json(result)
    task_id = result.head.task_id
    return tasks.added_json(request.base, job.spec.job_id, task_id, request.received)


async def replace_task(service: Service, request: Request) -> Response:
    """Change the constraints of a task."""
    stored = find_task(service, request)
    job = service.engine.state.job(stored.task.job_id).job
    changed = tasks.replace_constraints(stored.body or b"{}", request.body)
    spec = tasks.spec_from_body(changed.body)
    service.engine.decide(
        task_requests.change_constraints,
        stored.task,
        max_task_retry_count(job, spec.max_task_retry_count),
        spec.retention_time,
        spec.max_wall_clock_time,
    )
    service.engine.store.tasks.save_body(stored.task.sequence, changed.body)
    return await _written(service, request)


async def _ask(
    service: Service, request: Request, decision: Callable[..., list[Command]]
) -> Response:
    service.engine.decide(decision, find_task(service, request).task)
    return await _written(service, request)


async def _written(service: Service, request: Request) -> Response:
    task = _stored_task(service, request).task
    await service.engine.committed()
    return respond(request, last_modified=task.last_modified)


async def delete_task(service: Service, request: Request) -> Response:
    """Delete a task with its files."""
    stored = find_task(service, request)
    service.engine.decide(task_requests.delete_task, stored.task)
    await service.engine.committed()
    return respond(request)


async def terminate_task(service: Service, request: Request) -> Response:
    """End a task."""
    return await _ask(service, request, task_requests.terminate_task)


async def reactivate_task(service: Service, request: Request) -> Response:
    """Let a failed task run again."""
    return await _ask(service, request, task_requests.reactivate_task)


async def list_subtasks(service: Service, request: Request) -> Response:
    """List the subtasks of a task, the primary not among them: an ordinary one has none."""
    task = find_task(service, request).task
    subtasks = service.engine.store.tasks.subtasks(task)
    os_type = service.os_type(task.pool_id)
    shapes = [subtask_json(task, one, base=request.base, os_type=os_type) for one in subtasks]
    select = parse_select(request.query.get("$select"))
    if select is not None:
        shapes = [select_members(shape, select) for shape in shapes]
    return respond(request, {"value": shapes})
