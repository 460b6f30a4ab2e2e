"""Section I of the fidelity checklist: adding tasks by the hundred."""

from __future__ import annotations

import pytest
from azure.batch import models
from azure.batch.models import CreateTasksError

NOWHERE = "no-such-pool"


@pytest.fixture
def job(account):
    """A job whose tasks wait."""
    return account.job(NOWHERE)


def tasks(count, **more):
    return [{"id": f"t{number}", "commandLine": "true", **more} for number in range(count)]


def add(account, job, value):
    return account.send("POST", f"/jobs/{job}/addtaskcollection", {"value": value})


def test_a_hundred_tasks_are_added(account, job):
    """Item 98."""
    response = add(account, job, tasks(100))
    assert response.status_code == 200
    results = response.json()["value"]
    assert len(results) == 100
    for result in results:
        assert result["status"].lower() == "success"
        assert result["location"] == f"{account.url}/jobs/{job}/tasks/{result['taskId']}"
        assert result.keys() >= {"eTag", "lastModified"}
    assert account.counts(job)["active"] == 100
    assert account.task(job, "t7")["eTag"] == results[7]["eTag"]


def test_one_that_exists_does_not_keep_the_others_out(account, job):
    """Item 99."""
    account.add(job, "t50")
    results = add(account, job, tasks(100)).json()["value"]
    (refused,) = [one for one in results if one["status"] == "clienterror"]
    assert (refused["taskId"], refused["error"]["code"]) == ("t50", "TaskExists")
    assert account.counts(job)["active"] == 100


def test_the_same_id_twice_is_added_once(account, job):
    results = add(account, job, [*tasks(1), {"id": "T0", "commandLine": "true"}]).json()["value"]
    assert [one["status"].lower() for one in results] == ["success", "clienterror"]
    assert account.counts(job)["active"] == 1


@pytest.mark.parametrize("value", [[], tasks(101), {"id": "t"}, None])
def test_a_collection_of_none_or_too_many_is_refused(account, job, value):
    """Item 100."""
    assert add(account, job, value).status_code == 400
    assert account.counts(job)["active"] == 0


def test_the_sdk_halves_what_is_too_large(account, job, client):
    """Item 100."""
    content = "x" * 20_000
    large = [
        models.BatchTaskCreateOptions(
            id=f"t{number}",
            command_line="true",
            environment_settings=[models.EnvironmentSetting(name="A", value=content)],
        )
        for number in range(100)
    ]
    client.create_tasks(job, large)
    assert account.counts(job)["active"] == 100


def test_the_sdk_tells_of_a_refused_task(account, job, client):
    """Item 101, and 11.3."""
    wrong = models.BatchTaskCreateOptions(id="a b", command_line="true")
    right = models.BatchTaskCreateOptions(id="ab", command_line="true")
    with pytest.raises(CreateTasksError) as error:
        client.create_tasks(job, [right, wrong])
    (failure,) = error.value.failure_tasks
    assert failure.error.code == "InvalidPropertyValue"
    assert [task.id for task in client.list_tasks(job)] == ["ab"]


def test_many_by_the_sdk(account, job, client):
    many = [
        models.BatchTaskCreateOptions(id=f"t{number}", command_line="true")
        for number in range(1_234)
    ]
    results = client.create_tasks(job, many, max_concurrency=2).result_values
    assert len(results) == account.counts(job)["active"] == 1_234
    assert len(list(client.list_tasks(job, select=["id"]))) == 1_234


def test_each_item_is_judged_by_itself(account, job):
    items = [
        {"id": "a"},
        7,
        {"commandLine": "true"},
        *tasks(1),
        {**tasks(1)[0], "id": "d", "dependsOn": {"taskIds": ["t0"]}},
    ]
    results = add(account, job, items).json()["value"]
    codes = [one.get("error", {}).get("code") for one in results]
    assert codes[0] == codes[2] == "MissingRequiredProperty"
    assert codes[1] in {"InvalidRequestBody", "InvalidPropertyValue"}
    assert codes[3:] == [None, "TaskDependenciesNotSpecifiedOnJob"]


def test_a_job_that_has_ended_takes_no_collection(account, job):
    account.send("POST", f"/jobs/{job}/terminate", {})
    assert account.code(add(account, job, tasks(1))) == (409, "JobCompleted")
