"""Every list can be filtered by each of its fields, cut to members, and read in pages."""

from __future__ import annotations

import pytest
from azure.core.rest import HttpRequest

from runfleet.batch.filters import Operator
from runfleet.wire import fields
from runfleet.wire.fields import FieldKind

LISTS = {
    "/pools": fields.POOLS,
    "/pools/{pool}/nodes": fields.NODES,
    "/pools/{pool}/nodes/{node}/files": fields.FILES,
    "/jobs": fields.JOBS,
    "/jobs/{job}/tasks": fields.TASKS,
    "/jobs/{job}/tasks/good/files": fields.FILES,
    "/jobs/{job}/jobpreparationandreleasetaskstatus": fields.PREPARATION_AND_RELEASE,
    "/jobschedules": fields.JOB_SCHEDULES,
    "/jobschedules/{schedule}/jobs": fields.JOBS_OF_SCHEDULE,
    "/nodecounts": fields.NODE_COUNTS,
    "/supportedimages": fields.IMAGES,
    "/applications": fields.UNFILTERED,
}
FIELDS = [
    (path, field)
    for path, table in LISTS.items()
    for field in {one.name: one for one in table.values()}.values()
]


@pytest.fixture(scope="module")
def names(account):
    """A pool with a start task, and a job with a preparation task and two tasks that have ended."""
    start_task = {"commandLine": "true", "waitForSuccess": True}
    pool = account.pool(nodes=1, startTask=start_task)
    account.node_in(pool, "idle")
    command = {"commandLine": "true"}
    job = account.job(pool, jobPreparationTask=command, jobReleaseTask=command)
    account.run(job, "good")
    account.run(job, "bad", "false")
    account.client.begin_terminate_job(job, {"terminateReason": "x"}, polling_interval=0).result()
    other = account.pool(nodes=0)
    account.job(other)
    schedule = scheduled(account, pool)
    return {"pool": pool, "job": job, "node": account.nodes(pool)[0]["id"], "schedule": schedule}


def scheduled(account, pool):
    """A job schedule that has made its one job and is completed."""
    body = {
        "id": "schedule",
        "schedule": {
            "doNotRunUntil": "2020-01-01T00:00:00Z",
            "doNotRunAfter": "2099-01-01T00:00:00Z",
        },
        "jobSpecification": {"poolInfo": {"poolId": pool}},
    }
    assert account.send("POST", "/jobschedules", body).status_code == 201
    account.wait_for(lambda: account.get("/jobschedules/schedule/jobs")["value"])
    account.client.begin_terminate_job_schedule("schedule", polling_interval=0).result()
    account.wait_for(lambda: account.get("/jobschedules/schedule")["state"] == "completed")
    return "schedule"


def value_of(item, name):
    """What an item has at the place that a field names, if anything."""
    for part in name.split("/"):
        item = item.get(part) if isinstance(item, dict) else None
    return item


def literal(field, value):
    match field.kind:
        case FieldKind.INSTANT:
            return f"DateTime'{value}'"
        case FieldKind.NUMBER | FieldKind.BOOLEAN:
            return str(value).lower()
        case _:
            return f"'{value}'"


@pytest.fixture
def filtered(account, names):
    """The items of a list, those that a condition leaves, and a value that some item has."""

    def filtered(path, field):
        path = path.format(**names)
        items = account.get(path)["value"]
        values = (value_of(item, field.name) for item in items)
        wanted = next(value for value in values if value is not None)

        def found(condition):
            text = condition.format(field=field.name, value=literal(field, wanted))
            return account.get(path, **{"$filter": text})["value"]

        return items, found, wanted

    return filtered


@pytest.mark.parametrize(("path", "field"), FIELDS, ids=lambda one: getattr(one, "name", one))
def test_a_list_is_filtered_by_a_field(filtered, path, field):
    """What lacks the field meets no condition on it."""
    items, found, wanted = filtered(path, field)
    having = [item for item in items if value_of(item, field.name) is not None]
    equal = [item for item in having if value_of(item, field.name) == wanted]
    others = [item for item in having if item not in equal]
    if field.starts_with:
        texts = [item for item in items if value_of(item, field.name).startswith(wanted)]
        assert found("startswith({field}, {value})") == texts
    if Operator.EQUAL in field.operators:
        assert found("{field} eq {value}") == equal
    if Operator.NOT_EQUAL in field.operators:
        assert found("{field} ne {value}") == others
    if Operator.LESS in field.operators:
        below, above = found("{field} lt {value}"), found("{field} gt {value}")
        assert [item for item in others if item in below or item in above] == others
        assert found("{field} le {value}") == [one for one in having if one not in above]
        assert found("{field} ge {value}") == [one for one in having if one not in below]


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_cut_to_members_and_read_in_pages(account, client, names, path):
    path = path.format(**names)
    items = account.get(path, **{"$expand": "stats"})["value"]
    name = "id" if "id" in (items or [{"id": ""}])[0] else next(iter(items[0]))
    page = account.get(path, **{"$select": name, "maxresults": 1})
    read = page["value"]
    while link := page.get("odata.nextLink"):
        page = client.send_request(HttpRequest("GET", link)).json()
        read += page["value"]
    # Lists without `$select` in the service leave it unheard.
    assert [item[name] for item in read] == [item[name] for item in items]
