"""Bodies that are nearly right: whatever is wrong with them, the emulator knows what to say."""

from __future__ import annotations

import random
from copy import deepcopy

import pytest

URL = "https://account.blob.core.windows.net/container"
ODD = [
    *(None, "", 0, -1, 2**31, 2**63, 1.5, True, [], {}, [None], [{}], {"x": 1}, "x" * 2_000, "ü☃"),
    *("a\0b", "a\r\nb", "PT0S", "P1D", "P3000000D", "9999-12-31T23:59:59.9999999Z", "2026-11-22"),
    *("0001-01-01T00:00:00Z", "..", "/", "http://[", "file:///", "none", "TVM:x"),
]
COMMAND = {
    "commandLine": "true",
    "resourceFiles": [{"httpUrl": URL, "filePath": "a", "fileMode": "0770"}],
    "environmentSettings": [{"name": "A", "value": "b"}],
}
OUTPUT = {
    "filePattern": "*",
    "destination": {"container": {"containerUrl": URL, "path": "p"}},
    "uploadOptions": {"uploadCondition": "taskcompletion"},
}
TASK = {
    **COMMAND,
    "displayName": "d",
    "outputFiles": [OUTPUT],
    "constraints": {"maxWallClockTime": "PT5S", "retentionTime": "P1D", "maxTaskRetryCount": 0},
    "requiredSlots": 1,
    "affinityInfo": {"affinityId": "TVM:x"},
    "dependsOn": {"taskIds": ["a"], "taskIdRanges": [{"start": 1, "end": 2}]},
    "exitConditions": {"default": {"dependencyAction": "satisfy", "jobAction": "none"}},
}
JOB = {
    "poolInfo": {"poolId": "none"},
    "priority": 1,
    "constraints": {"maxWallClockTime": "PT10S", "maxTaskRetryCount": 1},
    "jobManagerTask": {**COMMAND, "id": "m", "killJobOnCompletion": False},
    "jobPreparationTask": {**COMMAND, "id": "p", "waitForSuccess": True},
    "jobReleaseTask": {**COMMAND, "id": "r", "maxWallClockTime": "PT1M"},
    "onAllTasksComplete": "noaction",
    "metadata": [{"name": "a", "value": "b"}],
}
SCHEDULE = {
    "schedule": {"doNotRunAfter": "2100-01-01T00:00:00Z", "recurrenceInterval": "PT1M"},
    "jobSpecification": JOB,
}
POOL = {
    "resizeTimeout": "PT15M",
    "startTask": {**COMMAND, "maxTaskRetryCount": 0, "waitForSuccess": True},
    "taskSchedulingPolicy": {"nodeFillType": "pack"},
    "userAccounts": [{"name": "u", "password": "p", "linuxUserConfiguration": {"uid": 1}}],
}


def places(body, place=()):
    """The place of every member of a body."""
    members = body.items() if isinstance(body, dict) else enumerate(body)
    for name, value in members:
        yield (*place, name)
        if isinstance(value, dict | list):
            yield from places(value, (*place, name))


def spoiled(body, chance):
    """A body with one member replaced, or taken away."""
    body = deepcopy(body)
    *parents, name = chance.choice(list(places(body)))
    holder = body
    for parent in parents:
        holder = holder[parent]
    if chance.random() < 0.1:
        del holder[name]
    else:
        holder[name] = deepcopy(chance.choice(ODD))
    return body


@pytest.mark.parametrize("seed", range(2))
def test_no_body_makes_the_emulator_fail(account, pool_body, unused, seed):
    """It takes it, or refuses it with a reason; and runs what it is asked to afterwards."""
    chance = random.Random(seed)
    job = account.job("none", usesTaskDependencies=True)
    bodies = {
        f"/jobs/{job}/tasks": TASK,
        "/jobs": JOB,
        "/jobschedules": SCHEDULE,
        "/pools": {**pool_body("p", nodes=0), **POOL},
    }
    for number in range(150):
        for path, whole in bodies.items():
            one = f"{unused}-{number}"
            body = spoiled({**whole, "id": one}, chance)
            answer = account.send("POST", path, body)
            assert answer.status_code in {201, 400, 409, 501}, (body, answer.text())
            if answer.status_code == 201 and path != f"/jobs/{job}/tasks":
                account.get(f"{path}/{body['id']}")
                account.send("DELETE", f"{path}/{body['id']}")
    account.run(account.job(account.pool()), "t")
