"""Our answers have the shape of those that the real service was recorded to give."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from runfleet.storage import DirectoryStorage

ANSWERS = json.loads((Path(__file__).parent / "recorded" / "answers.json").read_text())
FORMS = {
    "<address>": r"\d+(\.\d+){3}",
    "<etag>": "0x[0-9A-F]{15}",
    "<guid>": "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "<node>": "tvmps_[0-9a-f]{64}_d",
    "<number>": r"\d+",
    "<text>": r"[^/]+",
    "<time>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,6}[1-9])?Z",
}
MACHINE = {
    "imageReference": {
        "publisher": "canonical",
        "offer": "ubuntu-24_04-lts",
        "sku": "server",
        "version": "latest",
    },
    "nodeAgentSKUId": "batch.node.ubuntu 24.04",
}
NAMED = [{"name": "k", "value": "v"}]
FORMULA = "$TargetDedicatedNodes=0;"


@pytest.fixture(scope="module")
def answers(account, emulator):
    """What this service answers to the same requests."""
    return {
        **pools(account),
        **jobs(account),
        **schedules(account),
        **others(account, emulator),
    }


def pools(account):
    made = {
        "id": "p1",
        "displayName": "A pool",
        "vmSize": "STANDARD_D2_V3",
        "virtualMachineConfiguration": MACHINE,
        "targetDedicatedNodes": 1,
        "startTask": {"commandLine": "true", "waitForSuccess": True},
        "userAccounts": [
            {
                "name": "u",
                "password": "secret",
                "elevationLevel": "NonAdmin",
                "linuxUserConfiguration": {"uid": 1, "gid": 1, "sshPrivateKey": "secret"},
            }
        ],
        "metadata": NAMED,
    }
    account.client.create_pool(made)
    autoscaled = {
        "id": "p2",
        "vmSize": "STANDARD_D2_V3",
        "virtualMachineConfiguration": MACHINE,
        "enableAutoScale": True,
        "autoScaleFormula": FORMULA,
        "autoScaleEvaluationInterval": "PT06M00S",
    }
    account.client.create_pool(autoscaled)
    wrong = {"autoScaleFormula": "$something_useless"}
    account.node_in("p1", "idle")
    run = account.wait_for(lambda: account.get("/pools/p2").get("autoScaleRun"))
    assert "error" not in run
    return {
        "pool": account.steady("p1"),
        "autoscaled pool": account.steady("p2"),
        "evaluation": account.send("POST", "/pools/p2/evaluateautoscale", wrong).json(),
        "node counts": account.get("/nodecounts", **{"$filter": "poolId eq 'p1'"}),
        "error": account.send("POST", "/pools", made).json(),
        "error with values": account.send("GET", "/pools", maxresults=-5).json(),
    }


def jobs(account):
    command = {"commandLine": "true"}
    parts = {"jobPreparationTask": command, "jobReleaseTask": command}
    body = {"id": "j1", "displayName": "A job", "poolInfo": {"poolId": "p1"}, "metadata": NAMED}
    account.client.create_job({**body, **parts})
    job = account.get("/jobs/j1")
    completed = account.run("j1", "t1")
    failed = account.run("j1", "t2", "false")
    tasks = [{"id": name, "commandLine": "true"} for name in ("t3", "t4")]
    added = account.send("POST", "/jobs/j1/addtaskcollection", {"value": tasks}).json()
    account.wait_for(lambda: account.counts("j1")["completed"] == 4)
    found = {
        "job": job,
        "completed task": completed,
        "failure": failed["executionInfo"]["failureInfo"],
        "added tasks": added,
        "task counts": account.get("/jobs/j1/taskcounts"),
        "files": account.get("/jobs/j1/tasks/t1/files"),
    }
    account.client.begin_terminate_job("j1", {"terminateReason": "x"}, polling_interval=0).result()
    status = account.get("/jobs/j1/jobpreparationandreleasetaskstatus")
    return {**found, "preparation and release": status}


def schedules(account):
    body = {
        "id": "s1",
        "schedule": {"doNotRunAfter": "2099-01-01T00:00:00Z", "recurrenceInterval": "PT02M00S"},
        "jobSpecification": {"poolInfo": {"poolId": "p1"}},
    }
    account.send("POST", "/jobschedules", body)
    account.wait_for(lambda: account.get("/jobschedules/s1/jobs")["value"])
    schedule = account.get("/jobschedules/s1")
    account.client.begin_terminate_job_schedule("s1", polling_interval=0).result()
    return {"job schedule": schedule, "completed job": account.job_in("s1:job-1", "completed")}


def others(account, emulator):
    storage = DirectoryStorage(emulator.home / "storage")
    storage.create_container("logs")
    url = storage.container_url("logs", life=timedelta(days=1), write=True)
    node = f"/pools/p1/nodes/{account.node_in('p1', 'idle')['id']}"
    asked = {"containerUrl": url, "startTime": "2020-01-01T00:00:00Z"}
    return {
        "node": account.get(node),
        "images": account.get("/supportedimages"),
        "uploaded logs": account.send("POST", f"{node}/uploadbatchservicelogs", asked).json(),
    }


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_has_the_recorded_shape(account, answers, name):
    assert list(differences(ANSWERS[name], answers[name], account.url)) == []


def differences(recorded: Any, ours: Any, base: str, place: str = "") -> Iterator[str]:
    """Where our answer differs from the recorded one, and in what."""
    if isinstance(recorded, dict) and isinstance(ours, dict):
        yield from differing_members(recorded, ours, base, place)
    elif isinstance(recorded, list) and isinstance(ours, list):
        # Where the recorded list has one item, all of ours are like it.
        examples = recorded if len(recorded) == len(ours) else recorded[:1] * len(ours)
        for number, (example, item) in enumerate(zip(examples, ours, strict=True)):
            yield from differences(example, item, base, f"{place}[{number}]")
    elif not is_like(recorded, ours, base):
        yield f"{place}: recorded {recorded!r}, ours {ours!r}"


def differing_members(
    recorded: dict[str, Any], ours: dict[str, Any], base: str, place: str
) -> Iterator[str]:
    example = {name.rstrip("?"): value for name, value in recorded.items()}
    for name in recorded.keys() - ours.keys() - {f"{name}?" for name in example}:
        yield f"{place}/{name}: only recorded"
    for name, value in ours.items():
        if name in example:
            yield from differences(example[name], value, base, f"{place}/{name}")
        else:
            yield f"{place}/{name}: only ours"


def is_like(recorded: Any, ours: Any, base: str) -> bool:
    if recorded == "<any>":
        return True
    if recorded == "<number>":
        return isinstance(ours, int)
    if isinstance(recorded, str) and isinstance(ours, str):
        return re.fullmatch(pattern_of(recorded, base), ours) is not None
    return type(recorded) is type(ours) and bool(recorded == ours)


def pattern_of(text: str, base: str) -> str:
    """The pattern of a recorded text, with what its placeholders stand for."""
    parts = re.split("(<[a-z]+>)", text.replace("{base}", base))
    return "".join(FORMS.get(part) or re.escape(part) for part in parts)
