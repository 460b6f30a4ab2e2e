"""Pools of Windows nodes: their tasks run through Wine."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError

from runfleet.agent import wine
from runfleet.storage.packages import PackageFolder

ROOT = Path(__file__).parents[2]
IMAGE = {
    "imageReference": {
        "publisher": "microsoftwindowsserver",
        "offer": "windowsserver",
        "sku": "2022-datacenter",
    },
    "nodeAgentSKUId": "batch.node.windows amd64",
}
pytestmark = pytest.mark.needs("wine", "x86_64-w64-mingw32-gcc")

PROGRAM = """\
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

int deeper(volatile int depth) { return deeper(depth + 1) + depth; }

int main(int count, char **arguments)
{
    const char *what = count > 1 ? arguments[1] : "";
    if (!strcmp(what, "overflow")) return deeper(0);
    if (!strcmp(what, "crash")) *(volatile int *)0 = 1;
    if (!strcmp(what, "hang")) {
        puts("hangs");
        fflush(stdout);
        Sleep(INFINITE);
    }
    if (!strcmp(what, "code")) return strtoul(arguments[2], NULL, 0);
    if (!strcmp(what, "console")) {
        FILE *console = fopen("CONOUT$", "w");
        if (!console) return 38;
        fprintf(console, "%0*d\\n10%%\\r90%%\\n", atoi(arguments[2]), 7);
        fclose(console);
    }
    if (!strcmp(what, "large")) {
        _setmode(1, 0x8000);
        for (int line = 0; line < atoi(arguments[2]); line++) printf("%0*d\\n", 9999, line);
        return 0;
    }
    if (!strcmp(what, "lock")) {
        HANDLE file = CreateFileA(arguments[2], GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
        return file == INVALID_HANDLE_VALUE ? GetLastError() : 0;
    }
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
    (folder / "rain.c").write_text("int rain(void) { return 0; }\n")
    (folder / "unlucky.c").write_text("int rain(void); int main(void) { return rain(); }\n")
    library = folder / "rain.dll"
    subprocess.run([compiler, "-shared", folder / "rain.c", "-o", library], check=True)
    unlucky = [folder / "unlucky.c", library, "-o", package / "unlucky.exe"]
    subprocess.run([compiler, *unlucky], check=True)
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


def kill(text: str, name: bytes) -> None:
    """Kill the processes with a text in their environment and a name in their command line."""
    for process in called(text, name):
        with contextlib.suppress(ProcessLookupError):  # gone with one before it
            os.kill(int(process), signal.SIGKILL)


def called(text: str, name: bytes) -> list[str]:
    """Processes with a text in their environment and a name in their command line."""
    return [process for process in mentions(text) if name in command_of(process)]


def prefix_of(process: str) -> str:
    """The Wine prefix of a process, as it stands in its environment."""
    variables = Path(f"/proc/{process}/environ").read_text().split("\0")
    return next(f"{one}\0" for one in variables if one.startswith("WINEPREFIX="))


def command_of(process: str) -> bytes:
    """The command line of a process; nothing of one that has gone."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def said_by(account, job: str, task: str) -> bytes:
    """What a task has written so far; before it begins, why there is nothing yet."""
    return account.send("GET", f"/jobs/{job}/tasks/{task}/files/stdout.txt").content


def test_places_are_windows_paths(account, job):
    """Packages are found by the names of Windows (item 136); lines end as the program ends them."""
    line = "cmd /c echo %AZ_BATCH_TASK_WORKING_DIR%& cd & echo %AZ_BATCH_APP_PACKAGE_MY-APP#1.0%"
    account.run(job, "places", line)
    directory, current, package = account.read(job, "places").split("\r\n")[:3]
    assert directory == current
    assert directory.startswith("D:\\")
    assert directory.endswith(f"\\workitems\\{job}\\job-1\\places\\wd")
    assert package.endswith("\\applications\\my-app\\1.0")


def test_clients_read_paths_of_windows(account, job):
    """With backslashes, but in URLs; and what Linux alone has is left out."""
    task = account.run(job, "paths", "cmd /c echo x> out.txt")
    node = task["nodeInfo"]
    assert node["taskRootDirectory"] == f"workitems\\{job}\\job-1\\paths"
    assert node["taskRootDirectoryUrl"].endswith(f"/files/workitems/{job}/job-1/paths")
    files = account.get(f"/jobs/{job}/tasks/paths/files", recursive="true")["value"]
    (found,) = (one for one in files if one["name"] == "wd\\out.txt")
    assert "creationTime" in found["properties"]
    assert "fileMode" not in found["properties"]
    read = account.send("HEAD", f"/jobs/{job}/tasks/paths/files/wd%5Cout.txt")
    assert "ocp-creation-time" in read.headers
    assert "ocp-batch-file-mode" not in read.headers
    assert account.read(job, "paths", "WD\\Out.txt") == "x\r\n"


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


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [("code 0x12345678", 0x12345678), ("code -2", -2), ("code 256", 256)],
)
def test_exit_codes_have_32_bits(account, job, arguments, exit_code):
    """As Windows tells them."""
    task_id = f"code-{exit_code}"
    line = f"cmd /c %AZ_BATCH_APP_PACKAGE_MY-APP#1.0%\\program {arguments}"
    assert account.run(job, task_id, line)["executionInfo"]["exitCode"] == exit_code


@pytest.mark.parametrize(
    ("crashing", "exit_code", "said"),
    [
        ("program crash", -1073741819, "Unhandled page fault on write access to 0000000000000000"),
        ("program overflow", -1073741571, "Unhandled stack overflow"),
        ("unlucky", -1073741515, "DLL not found: rain.dll, which unlucky.exe needs"),
    ],
)
def test_a_crash_ends_at_once_and_is_told(account, job, crashing, exit_code, said):
    """By the exit code of Windows; what Wine knows of it is in the errors."""
    task_id = f"crash-{crashing[-5:]}"
    line = f"cmd /c %AZ_BATCH_APP_PACKAGE_MY-APP#1.0%\\{crashing}"
    assert account.run(job, task_id, line)["executionInfo"]["exitCode"] == exit_code
    assert account.read(job, task_id) == ""
    assert account.read(job, task_id, "stderr.txt").startswith(said)


def test_powershell_is_not_there(account, job):
    """Rather than do nothing, and succeed."""
    task = account.run(job, "powershell", "cmd /c powershell -Command Get-Date")
    assert task["executionInfo"]["exitCode"] == 9009


def test_the_console_of_a_program_is_in_its_output(account, job):
    """Where a program writes past its output, that is kept, too: long lines in one piece."""
    line = "cmd /c %AZ_BATCH_APP_PACKAGE_MY-APP#1.0%\\program console 300"
    assert account.run(job, "console", line)["executionInfo"]["exitCode"] == 300
    lines = account.read(job, "console").split("\r\n")
    assert sorted(lines) == sorted(["3:console:none", "7".zfill(300), "90%", ""])


def test_large_output_is_kept_as_it_was_written(account, job):
    """Neither are long lines broken nor line ends changed."""
    line = "cmd /c %AZ_BATCH_APP_PACKAGE_MY-APP#1.0%\\program large 500"
    account.run(job, "large", line)
    assert account.read(job, "large") == "".join(f"{number:09999d}\n" for number in range(500))


def test_errors_have_a_file_of_their_own(account, job):
    account.run(job, "errors", "cmd /c echo out& echo problem>&2")
    assert account.read(job, "errors") == "out\r\n"
    assert account.read(job, "errors", "stderr.txt").strip() == "problem"


def test_temporary_files_are_a_tasks_own(account, job):
    """Processes of different slots have the same numbers, of which many programs make names."""
    for task_id in ("temp-1", "temp-2"):
        account.run(job, task_id, "cmd /c echo %TEMP%%TMP%& dir /b %TEMP%& echo x>%TEMP%\\left")
    folder, *rest = account.read(job, "temp-2").split("\r\n")
    assert folder[: len(folder) // 2] == folder[len(folder) // 2 :]
    assert folder.startswith("D:\\")
    assert "left" not in rest
    task = account.run(job, "temp-3", "cmd /c echo %TEMP%", **variables(TEMP="C:\\own"))
    assert task["executionInfo"]["exitCode"] == 0
    assert account.read(job, "temp-3") == "C:\\own\r\n"


def test_a_locked_file_is_told_as_windows_does(account, job):
    """A program that has a file for itself keeps others out: ERROR_SHARING_VIOLATION."""
    program = "%AZ_BATCH_APP_PACKAGE_MY-APP#1.0%\\program"
    line = f"cmd /c echo x>shared.txt& {program} lock shared.txt 9<shared.txt"
    assert account.run(job, "locked", line)["executionInfo"]["exitCode"] == 32


def test_a_task_finds_the_registry_as_it_was(account, job):
    """What one writes there is gone for the next, on all slots of the node."""
    key = "HKCU\\Software\\OfATask"
    for number in range(5):
        line = f"cmd /c reg query {key} & reg add {key} /v X /d 1 /f & reg query {key} /v X"
        account.run(job, f"registry-{number}", line)
        found = account.read(job, f"registry-{number}")
        assert found.count("OfATask") == 1, found


def test_tasks_at_the_same_time_do_not_end_each_other(account, job):
    """The slot of one that is terminated goes, and with it nothing of the others."""
    program = "%AZ_BATCH_APP_PACKAGE_MY-APP#1.0%\\program"
    account.add(job, "ended", f"cmd /c {program} hang")
    account.add(job, "stays", f"cmd /c ping -n 2 127.0.0.1 >nul & {program} code 9")
    account.task_in(job, "ended", "running")
    account.client.terminate_task(job, "ended")
    assert account.task_in(job, "stays", "completed")["executionInfo"]["exitCode"] == 9


def test_a_time_limit_ends_a_program_that_hangs(account, job):
    line = "cmd /c %AZ_BATCH_APP_PACKAGE_MY-APP#1.0%\\program hang"
    task = account.run(job, "late", line, constraints={"maxWallClockTime": "PT1S"})
    assert task["executionInfo"]["failureInfo"]["code"] == "TaskEnded"
    assert "was killed" not in account.read(job, "late", "stderr.txt")


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


def test_nothing_of_wine_outlives_its_pool(account, pool_body, wait_for):
    """Between tasks the server and the services of a node stay; they go with it."""
    pool = account.pool(virtualMachineConfiguration=IMAGE)
    job = account.job(pool)
    account.run(job, "first", "cmd /c echo %AZ_BATCH_NODE_ROOT_DIR%")
    node = account.read(job, "first").strip().rpartition("\\")[2]
    # A service that writes to the registry while it starts can cost the first slot.
    numbers = iter(range(10))
    while not mentions(f"/{node}/volatile/wine/"):
        account.run(job, f"another-{next(numbers)}", "cmd /c exit 0")
    account.client.begin_delete_pool(pool)
    wait_for(lambda: not mentions(f"/{node}/volatile/wine/"))


def test_a_program_that_is_killed_has_not_succeeded(account, job, wait_for):
    """As by a machine that has too little memory; Wine tells its parent an exit code of 0."""
    program = "%AZ_BATCH_APP_PACKAGE_MY-APP#1.0%\\program"
    account.add(job, "killed", f"cmd /c {program} hang")
    place = f"\\{job}\\job-1\\killed"
    wait_for(lambda: b"hangs" in said_by(account, job, "killed"))
    (running,) = called(place, b"\\my-app\\1.0\\program")
    prefix = prefix_of(running)
    os.kill(int(running), signal.SIGKILL)
    ended = account.task_in(job, "killed", "completed")
    assert ended["executionInfo"]["exitCode"] == 128 + signal.SIGKILL
    assert "was killed by signal 9" in account.read(job, "killed", "stderr.txt")
    wait_for(lambda: not mentions(prefix))  # its server may not be itself any more
    line = f"cmd /c start /b {program} hang & taskkill /f /im program.exe"
    assert account.run(job, "by-itself", line)["executionInfo"]["exitCode"] == 0


def test_a_wine_that_is_killed_holds_nobody_up(account, wait_for):
    """Its program would wait for it for ever; the next one has another Wine."""
    job = account.job(account.pool(virtualMachineConfiguration=IMAGE))
    account.run(job, "first", "cmd /c echo %AZ_BATCH_NODE_ROOT_DIR%")
    node = account.read(job, "first").strip().rpartition("\\")[2]
    account.add(job, "victim", "cmd /c echo begun& ping -n 1000 127.0.0.1 >nul")
    wait_for(lambda: b"begun" in said_by(account, job, "victim"))
    kill(f"/{node}/volatile/wine/", b"wineserver")
    ended = account.task_in(job, "victim", "completed")
    assert ended["executionInfo"]["exitCode"] == 128 + signal.SIGKILL
    account.run(job, "next", "cmd /c echo 2")
    assert account.read(job, "next") == "2\r\n"


def test_nothing_of_wine_outlives_an_emulator_that_is_killed(
    start_emulator, account_of, tmp_path, wait_for
):
    """Once it is started again; and the next task has a new Wine."""
    emulator = start_emulator(tmp_path / "home")
    account = account_of(emulator)
    job = account.job(account.pool(virtualMachineConfiguration=IMAGE))
    account.run(job, "first", "cmd /c echo 1")
    before = mentions(f"{tmp_path}/home")
    emulator.process.kill()
    emulator.process.wait()
    account = account_of(start_emulator(tmp_path / "home"))
    wait_for(lambda: not set(before) & set(mentions(f"{tmp_path}/home")))
    account.run(job, "second", "cmd /c echo 2")
    assert account.read(job, "second") == "2\r\n"


def test_the_starter_is_what_its_source_says(tmp_path):
    """The program that is shipped is made by `make starter`, with the compiler of the tests."""
    agent = Path(wine.__file__).parent
    makefile = (ROOT / "Makefile").read_text()
    recipe = makefile.partition("\nstarter:")[2].partition("\n\n")[0]
    made = tmp_path / "starter.exe"
    command = recipe[recipe.index("x86_64") :].replace("\\\n", " ").split()
    subprocess.run([*command[:-1], made], cwd=ROOT, check=True)
    assert made.read_bytes() == (agent / "wine_starter.exe").read_bytes()


def test_no_task_has_several_windows_nodes_yet(account, job):
    task = {"id": "wide", "commandLine": "cmd /c ver"}
    task["multiInstanceSettings"] = {"numberOfInstances": 2, "coordinationCommandLine": "cmd /c"}
    response = account.send("POST", f"/jobs/{job}/tasks", task)
    assert account.code(response) == (501, "NotImplemented")


def test_without_wine_a_pool_says_what_to_install(tmp_path, monkeypatch, pool_body, start_emulator):
    """Also one that would have Windows nodes from now on; it stays as it is."""
    monkeypatch.setenv("PATH", str(tmp_path))
    emulator = start_emulator(tmp_path / "home")
    windows = {"virtualMachineConfiguration": IMAGE}
    with emulator.client() as client:
        client.create_pool(pool_body("linux", nodes=0))
        for ask in (
            lambda: client.create_pool(pool_body("none", **windows)),
            lambda: client.update_pool("linux", windows),
        ):
            with pytest.raises(HttpResponseError) as caught:
                ask()
            assert caught.value.status_code == 501
            assert "install the Debian packages `wine` and `wine64`" in str(caught.value)
        machine = client.get_pool("linux").virtual_machine_configuration
    assert machine.node_agent_sku_id == "batch.node.ubuntu 22.04"
