"""Section J of the fidelity checklist: parents, and what follows from how they end."""

from __future__ import annotations

import pytest
from azure.batch import models


@pytest.fixture
def job(account, pool):
    """A job whose tasks may depend on each other."""
    return account.job(pool, usesTaskDependencies=True)


def ids(*task_ids):
    return {"taskIds": list(task_ids)}


def ranges(*ends):
    return {"taskIdRanges": [{"start": first, "end": last} for first, last in ends]}


def refusal(account, job, **more):
    body = {"id": "refused", "commandLine": "true", **more}
    response = account.send("POST", f"/jobs/{job}/tasks", body)
    return *account.code(response), {
        one["key"]: one["value"] for one in response.json().get("values", ())
    }


def stays_active(account, job, task_id):
    """Whether a task does not start, though another that comes after it does and ends."""
    account.run(job, f"after-{task_id}")
    return account.task(job, task_id)["state"] == "active"


def test_a_job_without_dependencies_takes_no_parents(account, pool):
    """Item 103."""
    job = account.job(pool)
    status, code, _ = refusal(account, job, dependsOn=ids("a"))
    assert (status, code) == (400, "TaskDependenciesNotSpecifiedOnJob")


def test_a_child_starts_after_all_its_parents(account, job, client, sh):
    """Item 104, by the SDK: the child sees what its parents wrote."""
    dependencies = models.BatchTaskDependencies(
        task_ids=["First"], task_id_ranges=[models.BatchTaskIdRange(start=1, end=3)]
    )
    write = sh('sleep 0.1; touch "$AZ_BATCH_NODE_SHARED_DIR/$AZ_BATCH_TASK_ID"')
    client.create_task(
        job,
        models.BatchTaskCreateOptions(
            id="child",
            command_line=sh('ls "$AZ_BATCH_NODE_SHARED_DIR"'),
            depends_on=dependencies,
        ),
    )
    for parent in ("2", "first", "3", "1"):
        assert account.task(job, "child")["state"] == "active"
        account.run(job, parent, write)
    account.task_in(job, "child", "completed")
    assert set(account.read(job, "child").split()) >= {"1", "2", "3", "first"}
    seen = client.get_task(job, "child").depends_on
    assert seen.task_ids == ["First"]
    assert [(one.start, one.end) for one in seen.task_id_ranges] == [(1, 3)]


def test_leading_zeros_do_not_matter_in_a_range(account, job):
    """Item 105."""
    account.add(job, "child", dependsOn=ranges((4, 4)))
    account.add(job, "other", dependsOn=ids("4"))
    account.run(job, "04")
    account.task_in(job, "child", "completed")
    assert stays_active(account, job, "other")
    account.run(job, "4")
    account.task_in(job, "other", "completed")


def test_a_failed_parent_blocks_unless_it_is_told_otherwise(account, job):
    """Item 106."""
    account.add(job, "blocked", dependsOn=ids("bad"))
    account.add(job, "freed", dependsOn=ids("forgiven"))
    account.run(job, "bad", "false")
    satisfy = {"default": {"dependencyAction": "satisfy"}}
    account.run(job, "forgiven", "false", exitConditions=satisfy)
    account.task_in(job, "freed", "completed")
    assert stays_active(account, job, "blocked")


def test_a_parent_may_be_run_again_until_it_satisfies(account, job, sh):
    once = sh('cd "$AZ_BATCH_NODE_SHARED_DIR"; test -e twice || ! touch twice')
    account.add(job, "child", dependsOn=ids("parent"))
    assert account.run(job, "parent", once)["executionInfo"]["result"] == "failure"
    account.send("POST", f"/jobs/{job}/tasks/parent/reactivate")
    account.task_in(job, "child", "completed")


def test_a_child_of_parents_that_have_ended_starts_at_once(account, job):
    account.run(job, "1")
    account.run(job, "02")
    account.run(job, "child", dependsOn={**ids("1"), **ranges((1, 2))})


def test_a_satisfied_parent_stays_so_when_it_is_deleted(account, job):
    """As the service does, by design."""
    account.run(job, "parent")
    account.send("DELETE", f"/jobs/{job}/tasks/parent")
    account.run(job, "child", dependsOn=ids("parent"))


def test_a_blocked_child_is_ended_reactivated_and_deleted(account, job):
    account.add(job, "child", dependsOn=ids("parent"))
    account.send("POST", f"/jobs/{job}/tasks/child/terminate")
    assert account.task(job, "child")["state"] == "completed"
    account.send("POST", f"/jobs/{job}/tasks/child/reactivate")
    assert stays_active(account, job, "child")
    assert account.counts(job)["active"] == 1
    account.send("DELETE", f"/jobs/{job}/tasks/child")
    assert account.counts(job)["active"] == 0
    account.run(job, "parent")
    assert account.send("GET", f"/jobs/{job}/tasks/child").status_code == 404


def test_a_child_that_was_ended_while_it_was_blocked_is_free_once_its_parent_ends(account, job):
    account.add(job, "child", dependsOn=ids("parent"))
    account.send("POST", f"/jobs/{job}/tasks/child/terminate")
    account.run(job, "parent")
    assert account.task(job, "child")["state"] == "completed"
    account.send("POST", f"/jobs/{job}/tasks/child/reactivate")
    account.wait_for(lambda: account.task(job, "child")["executionInfo"].get("result") == "success")


def test_children_and_parents_of_one_collection(account, job, client):
    """A chain, in the order that fits it worst."""
    chain = [
        models.BatchTaskCreateOptions(
            id=str(number),
            command_line="true",
            depends_on=models.BatchTaskDependencies(task_ids=[str(number - 1)] if number else []),
        )
        for number in range(150)
    ]
    client.create_tasks(job, chain[::-1])
    account.wait_for(lambda: account.counts(job)["succeeded"] == 150)
    tasks = {one.id: one.execution_info for one in client.list_tasks(job)}
    for number in range(1, 150):
        assert tasks[str(number - 1)].end_time <= tasks[str(number)].start_time


def test_tasks_in_a_circle_wait_until_they_are_ended(account, job):
    """Of itself, of another, or of a range that it is in; nothing else is held up by them."""
    account.add(job, "self", dependsOn=ids("SELF"))
    account.add(job, "7", dependsOn=ranges((5, 9)))
    account.add(job, "a", dependsOn=ids("b"))
    account.add(job, "b", dependsOn=ids("a"))
    assert all(stays_active(account, job, one) for one in ("self", "7", "a", "b"))
    assert account.send("POST", f"/jobs/{job}/tasks/self/terminate").status_code == 204
    assert account.send("DELETE", f"/jobs/{job}/tasks/a").status_code == 200
    counts = account.counts(job)
    assert (counts["active"], counts["failed"], counts["succeeded"]) == (2, 1, 4)


def test_more_children_than_are_held_in_memory(account, job, client):
    """They are released by the last of a range, and counted as active until then."""
    children = [
        models.BatchTaskCreateOptions(
            id=f"child-{number}",
            command_line="true",
            depends_on=models.BatchTaskDependencies(
                task_id_ranges=[models.BatchTaskIdRange(start=1, end=10)]
            ),
        )
        for number in range(600)
    ]
    client.create_tasks(job, children)
    for number in range(10, 0, -1):
        assert account.counts(job)["active"] == 600
        account.run(job, str(number))
    account.wait_for(lambda: account.counts(job)["succeeded"] == 610, seconds=60)


def test_too_many_parents_are_refused(account, job):
    status, code, _ = refusal(account, job, dependsOn=ids(*["x" * 64] * 1_001))
    assert (status, code) == (400, "TaskDependencyListTooLong")


@pytest.mark.parametrize("ends", [(2, 1), (0, 2**31), (-(2**31) - 1, 0)])
def test_a_range_that_cannot_be_is_refused(account, job, ends):
    status, code, _ = refusal(account, job, dependsOn=ranges(ends))
    assert (status, code) == (400, "InvalidPropertyValue")


@pytest.mark.parametrize("parent", ["", "1..5", "watched:5", "a b"])
def test_a_parent_that_no_task_can_be_is_refused(account, job, parent):
    parents = ids(parent) | ranges((1, 5))
    status, code, _ = refusal(account, job, dependsOn=parents)
    assert (status, code) == (400, "InvalidPropertyValue")


def end_with(code):
    return f"/bin/sh -c 'exit {code}'"


@pytest.mark.parametrize(("code", "released"), [(0, False), (5, True), (6, False), (7, True)])
def test_the_nearest_exit_condition_decides(account, job, code, released):
    """Item 107: an exit code before a range, a range before the default, which is not for 0."""
    satisfy, block = {"dependencyAction": "satisfy"}, {"dependencyAction": "block"}
    conditions = {
        "exitCodes": [
            {"code": 5, "exitOptions": satisfy},
            {"code": 0, "exitOptions": block},
        ],
        "exitCodeRanges": [{"start": 4, "end": 6, "exitOptions": block}],
        "default": satisfy,
    }
    account.add(job, "child", dependsOn=ids("parent"))
    parent = account.run(job, "parent", end_with(code), exitConditions=conditions)
    assert parent["exitConditions"] == conditions
    if released:
        account.task_in(job, "child", "completed")
    else:
        assert stays_active(account, job, "child")


def test_the_default_is_not_for_a_success(account, job):
    """Item 107."""
    block = {"default": {"dependencyAction": "block"}}
    account.run(job, "parent", exitConditions=block)
    account.run(job, "child", dependsOn=ids("parent"))


@pytest.mark.parametrize(
    "more",
    [
        {"commandLine": "no-such-program"},
        {"resourceFiles": [{"httpUrl": "http://127.0.0.1:9/x", "filePath": "x"}]},
    ],
)
def test_what_keeps_a_task_from_starting(account, job, more):
    """Item 108."""
    satisfy = {"dependencyAction": "satisfy"}
    account.add(job, "child", dependsOn=ids("parent"))
    conditions = {"preProcessingError": satisfy, "default": {"dependencyAction": "block"}}
    body = {"id": "parent", "commandLine": "true", "exitConditions": conditions, **more}
    account.send("POST", f"/jobs/{job}/tasks", body)
    account.task_in(job, "child", "completed")
    assert "exitCode" not in account.task(job, "parent")["executionInfo"]


@pytest.mark.parametrize(
    ("conditions", "released"),
    [
        ({"fileUploadError": {"dependencyAction": "satisfy"}}, True),
        ({"default": {"dependencyAction": "satisfy"}}, True),
        (
            {
                "fileUploadError": {"dependencyAction": "satisfy"},
                "exitCodes": [{"code": 0, "exitOptions": {"dependencyAction": "block"}}],
            },
            False,
        ),
        ({}, False),
    ],
)
def test_an_upload_that_fails(account, job, tmp_path, conditions, released):
    """Item 108; an exit code that is listed goes before."""
    upload = {
        "filePattern": "../stdout.txt",
        "destination": {"container": {"containerUrl": (tmp_path / "none").as_uri()}},
        "uploadOptions": {"uploadCondition": "taskcompletion"},
    }
    account.add(job, "child", dependsOn=ids("parent"))
    parent = account.run(job, "parent", outputFiles=[upload], exitConditions=conditions)
    assert parent["executionInfo"]["failureInfo"]["code"].startswith("FileUpload")
    assert parent["executionInfo"]["exitCode"] == 0
    if released:
        account.task_in(job, "child", "completed")
    else:
        assert stays_active(account, job, "child")


def acting_job(account, pool, **more):
    return account.job(pool, onTaskFailure="performexitoptionsjobaction", **more)


def on_exit(code, action):
    return {"exitCodes": [{"code": code, "exitOptions": {"jobAction": action}}]}


def test_a_job_goes_on_after_a_failure_that_means_nothing(account, pool):
    """Item 75."""
    job = acting_job(account, pool)
    account.run(job, "bad", end_with(3), exitConditions=on_exit(3, "none"))
    assert account.run(job, "good")["executionInfo"]["exitCode"] == 0
    assert account.get(f"/jobs/{job}")["state"] == "active"


def test_a_failure_may_disable_the_job(account, pool):
    """Item 75: what runs is requeued, as when a client disables it so."""
    job = acting_job(account, pool)
    account.add(job, "long", "sleep 60")
    account.task_in(job, "long", "running")
    account.run(job, "bad", end_with(3), exitConditions=on_exit(3, "disable"))
    account.job_in(job, "disabled")
    long = account.task(job, "long")
    assert (long["state"], long["executionInfo"]["requeueCount"]) == ("active", 1)
    account.send("POST", f"/jobs/{job}/terminate", {})


def test_a_failure_disables_a_job_that_waits_for_its_tasks_to_be_disabled(account, sh, tmp_path):
    """What it waited for is requeued, as if a client had disabled it so meanwhile."""
    job = acting_job(account, account.pool(nodes=2))
    flag = tmp_path / "flag"
    waiting = sh(f"until test -e '{flag}'; do sleep 0.01; done; exit 3")
    account.add(job, "long", "sleep 60")
    account.add(job, "bad", waiting, exitConditions=on_exit(3, "disable"))
    for task in ("long", "bad"):
        account.task_in(job, task, "running")
    account.send("POST", f"/jobs/{job}/disable", {"disableTasks": "wait"})
    flag.touch()
    account.job_in(job, "disabled")
    long = account.task(job, "long")
    assert (long["state"], long["executionInfo"]["requeueCount"]) == ("active", 1)
    account.send("POST", f"/jobs/{job}/terminate", {})


def test_a_success_may_end_the_job(account, pool):
    """Items 75 and 107: only where exit code 0 is listed."""
    job = acting_job(account, pool)
    account.run(job, "good", exitConditions={"default": {"jobAction": "terminate"}})
    account.run(job, "found", exitConditions=on_exit(0, "terminate"))
    info = account.job_in(job, "completed")["executionInfo"]
    assert info["terminateReason"] == "TaskFailed"


def test_a_failure_that_will_be_retried_is_none_yet(account, pool, sh):
    """Item 75."""
    job = acting_job(account, pool)
    once = sh("test -e again || ! touch again")
    account.run(job, "t", once, constraints={"maxTaskRetryCount": 1})
    assert account.get(f"/jobs/{job}")["state"] == "active"


def test_actions_that_the_job_would_not_take_are_refused(account, pool):
    plain = account.job(pool)
    job_action = {"default": {"jobAction": "none"}}
    dependency_action = {"fileUploadError": {"dependencyAction": "block"}}
    for conditions, name in ((job_action, "jobAction"), (dependency_action, "dependencyAction")):
        status, code, values = refusal(account, plain, exitConditions=conditions)
        assert (status, code) == (400, "InvalidPropertyValue")
        assert values["PropertyName"] == name
    account.run(plain, "t", exitConditions={"default": {}})
