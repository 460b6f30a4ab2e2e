"""Pools of Windows nodes: their tasks run through Wine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError

from runfleet.storage.packages import PackageFolder

IMAGE = {
    "imageReference": {
        "publisher": "microsoftwindowsserver",
        "offer": "windowsserver",
        "sku": "2022-datacenter",
    },
    "nodeAgentSKUId": "batch.node.windows amd64",
}
# Once in some hundred starts, on a busy machine, a program under Wine has ended without a word.
# Why is not known yet.
pytestmark = [
    pytest.mark.needs("wine", "x86_64-w64-mingw32-gcc"),
    pytest.mark.flaky(reruns=2),
]

PROGRAM = """\
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

int main(int count, char **arguments)
{
    const char *what = count > 1 ? arguments[1] : "";
    if (!strcmp(what, "crash")) *(volatile int *)0 = 1;
    if (!strcmp(what, "hang")) Sleep(INFINITE);
    printf("%d:%s:%s\\n", count, what, getenv("X") ? getenv("X") : "none");
    return count > 2 ? atoi(arguments[2]) : 0;
}
"""


@pytest.fixture(scope="module")
def program(emulator, tmp_path_factory):
    """A Windows program as an application package, with a batch file beside it."""
    folder = tmp_path_factory.mktemp("windows")
    source = folder / "program.c"
    source.write_text(PROGRAM)
    package = folder / "package"
    package.mkdir()
    compiler = "x86_64-w64-mingw32-gcc"
    subprocess.run([compiler, source, "-o", package / "program.exe"], check=True)
    (package / "go.bat").write_bytes(b'@echo off\r\n"%~dp0program" %1 %2\r\nexit /b 5\r\n')
    PackageFolder(emulator.home / "emulator" / "packages").add("My-App", "1.0", package)


@pytest.fixture(scope="module")
def job(account, program):
    """A job on a Windows node that has the program."""
    packages = [{"applicationId": "My-App", "version": "1.0"}]
    return account.job(
        account.pool(
            slots=4, virtualMachineConfiguration=IMAGE, applicationPackageReferences=packages
        )
    )


def variables(**values: str) -> dict[str, object]:
    return {"environmentSettings": [{"name": k, "value": v} for k, v in values.items()]}


def mentions(text: str) -> list[str]:
    """Processes with a text in their command line or their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if text.encode() in told:
            found.append(process.name)
    return found


def test_places_are_windows_paths(account, job):
    """Packages are found by the names of Windows (item 136); lines end as the program ends them."""
    line = "cmd /c echo %AZ_BATCH_TASK_WORKING_DIR%& cd & echo %AZ_BATCH_APP_PACKAGE_MY-APP#1.0%"
    account.run(job, "places", line)
    directory, current, package = account.read(job, "places").split("\r\n")[:3]
    assert directory == current
    assert directory.startswith("D:\\")
    assert directory.endswith(f"\\workitems\\{job}\\job-1\\places\\wd")
    assert package.endswith("\\applications\\my-app\\1.0")


def test_programs_are_found_on_path_and_tell_their_exit_code(account, job):
    line = 'cmd /s /c "set "PATH=%AZ_BATCH_APP_PACKAGE_MY-APP#1.0%;%PATH%" & program "a b" 7"'
    task = account.run(job, "path", line, **variables(X="1 & 2"))
    assert task["executionInfo"]["exitCode"] == 7
    assert account.read(job, "path") == "3:a b:1 & 2\r\n"


def test_batch_files_run(account, job):
    line = 'cmd /c ""%AZ_BATCH_APP_PACKAGE_MY-APP#1.0%\\go.bat" one 2"'
    task = account.run(job, "batch", line)
    assert account.read(job, "batch") == "3:one:none\r\n"
    assert task["executionInfo"]["exitCode"] == 5


def test_a_program_is_started_without_a_shell(account, job):
    """Its name is spelled with any capitals; nothing of the line is expanded."""
    account.run(job, "plain", 'c:\\Windows\\system32\\CMD.exe /c "echo plain"')
    assert account.read(job, "plain") == "plain\r\n"


def test_an_unknown_program_is_told(account, job):
    task = account.run(job, "unknown", "nothing.exe a b")
    assert task["executionInfo"]["failureInfo"]["code"] == "CommandProgramNotFound"


def test_a_crash_fails_its_task(account, job):
    line = "cmd /c %AZ_BATCH_APP_PACKAGE_MY-APP#1.0%\\program crash"
    assert account.run(job, "crash", line)["executionInfo"]["exitCode"] != 0


def test_nothing_of_wine_outlives_its_task(account, job, wait_for):
    """Not its server, nor the services that it starts."""
    line = "cmd /c start /b %AZ_BATCH_APP_PACKAGE_MY-APP#1.0%\\program hang"
    account.run(job, "leaves", line)
    assert mentions(f"\\{job}\\job-1\\leaves") == []
    account.add(job, "hangs", "cmd /c %AZ_BATCH_APP_PACKAGE_MY-APP#1.0%\\program hang")
    wait_for(lambda: mentions(f"\\{job}\\job-1\\hangs"))
    account.client.terminate_task(job, "hangs")
    wait_for(lambda: not mentions(f"\\{job}\\job-1\\hangs"))
    assert account.task_in(job, "hangs", "completed")


def test_no_task_has_several_windows_nodes_yet(account, job):
    task = {"id": "wide", "commandLine": "cmd /c ver"}
    task["multiInstanceSettings"] = {"numberOfInstances": 2, "coordinationCommandLine": "cmd /c"}
    response = account.send("POST", f"/jobs/{job}/tasks", task)
    assert account.code(response) == (501, "NotImplemented")


def test_without_wine_a_pool_says_what_to_install(tmp_path, monkeypatch, pool_body, start_emulator):
    monkeypatch.setenv("PATH", str(tmp_path))
    emulator = start_emulator(tmp_path / "home")
    with emulator.client() as client, pytest.raises(HttpResponseError) as caught:
        client.create_pool(pool_body("none", virtualMachineConfiguration=IMAGE))
    assert caught.value.status_code == 501
    assert "install the Debian packages `wine` and `wine64`" in str(caught.value)
