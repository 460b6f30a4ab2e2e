"""The commands of a manager and of its workers, for the shell of the pool's operating system."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from runfleet.azure import OperatingSystem
from runfleet.calibrate.programs import Program
from runfleet.launch.scripts import EXIT_NOT_STAGED
from runfleet.study.pest import Pest

HOST_VARIABLE = "PEST_MANAGER_HOST"
"""The environment variable by which workers know where the manager is."""

EXIT_STARTED_BEFORE = 75
EXIT_UNREACHABLE = 69
"""Exit codes of our own, as `sysexits.h` has them for a service that is not there, and the like."""

_CONNECT_SECONDS = 60
_POWERSHELL = r"%SystemRoot%\System32\WindowsPowerShell\v1.0\powershell.exe"
_STARTED_BEFORE = "runfleet: the manager was started before, and its node was lost"
_HOST_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")


def manager_command(
    pest: Pest,
    model_folders: Iterable[PurePosixPath],
    state: PurePosixPath,
    restart_switches: str,
    system: OperatingSystem,
) -> str:
    """
    Write the command of the manager: it tells its host's name first, as workers have to know it.

    Batch starts a task again whose node is lost. A manager would begin anew then, where no worker
    looks for it; so it looks whether it was started before.

    Parameters
    ----------
    pest
        The calibration.
    model_folders
        See `worker_command`: some managers try whether they can write the model's files.
    state
        A folder of files that the manager finds: `started`, if it was, and `restart/`, what an
        earlier manager has left.
    restart_switches
        Those by which it goes on from there.
    system
        Of the pool.
    """
    switches = " ".join(part for part in (pest.switches, restart_switches) if part)
    line = Program.named(pest.program).manager_line(pest.control, pest.port, switches)
    lines = _windows_manager if system is OperatingSystem.WINDOWS else _linux_manager
    return "\n".join([*lines(pest, model_folders, state), line])


def worker_command(
    pest: Pest, model_folders: Iterable[PurePosixPath], system: OperatingSystem
) -> str:
    """
    Write the command of a worker, which first tries whether the manager can be reached.

    Parameters
    ----------
    pest
        The calibration.
    model_folders
        Folders, below that of the control file, that the model's files are in: models do not make
        them, and empty folders are not staged.
    system
        Of the pool.
    """
    is_windows = system is OperatingSystem.WINDOWS
    host = f"%{HOST_VARIABLE}%" if is_windows else f"${HOST_VARIABLE}"
    program = Program.named(pest.program)
    line = program.worker_line(pest.control, host, pest.port, pest.worker_switches)
    lines = _windows_worker if is_windows else _linux_worker
    return "\n".join([*lines(pest, model_folders), line])


def host_name(stdout: str) -> str | None:
    """
    Read the name of a manager's host from the first line of what it has written.

    Returns
    -------
    name
        None as long as there is no whole line.

    Raises
    ------
    ValueError
        If the first line is no name of a host; it is the message.
    """
    line, end, _ = stdout.partition("\n")
    if not end:
        return None
    if not _HOST_NAME.fullmatch(line.strip()):
        raise ValueError(line.strip())
    return line.strip()


def _linux_manager(
    pest: Pest, model_folders: Iterable[PurePosixPath], state: PurePosixPath
) -> Iterator[str]:
    yield f"hostname; [ ! -e {state}/started ] || {{"
    yield f"echo '{_STARTED_BEFORE}' >&2; exit {EXIT_STARTED_BEFORE}; }}"
    yield from _linux_folders(pest, model_folders)
    yield f'if [ -d "$AZ_BATCH_TASK_WORKING_DIR/{state}/restart" ]; then'
    yield f'cp -R "$AZ_BATCH_TASK_WORKING_DIR/{state}/restart/." . || exit {EXIT_NOT_STAGED}; fi'


def _windows_manager(
    pest: Pest, model_folders: Iterable[PurePosixPath], state: PurePosixPath
) -> Iterator[str]:
    path = _windows_path(state)
    yield "echo %COMPUTERNAME%"
    yield f"if exist {path}\\started (echo {_STARTED_BEFORE}>&2 & exit {EXIT_STARTED_BEFORE})"
    yield from _windows_folders(pest, model_folders)
    restart = f"%AZ_BATCH_TASK_WORKING_DIR%\\{path}\\restart"
    yield f'if exist "{restart}" xcopy /e /i /q /y "{restart}" . >nul'
    # Without such a rule the firewall of Windows lets nobody in; only administrators may make it.
    yield (
        "netsh advfirewall firewall add rule name=runfleet-pest dir=in action=allow protocol=TCP "
        f"localport={pest.port} >nul 2>nul"
    )


def _linux_worker(pest: Pest, model_folders: Iterable[PurePosixPath]) -> Iterator[str]:
    yield from _linux_folders(pest, model_folders)
    address = f"${HOST_VARIABLE}/{pest.port}"
    said = f"runfleet: the manager at ${HOST_VARIABLE}:{pest.port} cannot be reached from this node"
    # The shell of most images has no sockets, but bash has.
    yield (
        f"timeout {_CONNECT_SECONDS} bash -c "
        f'"until (exec 3<>/dev/tcp/{address}) 2>/dev/null; do sleep 0.2; done" '
        f'|| {{ echo "{said}" >&2; exit {EXIT_UNREACHABLE}; }}'
    )


def _windows_worker(pest: Pest, model_folders: Iterable[PurePosixPath]) -> Iterator[str]:
    # Old programs choose names for their temporary files that others on the node choose, too.
    yield 'set "TMP=%AZ_BATCH_TASK_WORKING_DIR%"'
    yield 'set "TEMP=%AZ_BATCH_TASK_WORKING_DIR%"'
    yield from _windows_folders(pest, model_folders)
    said = (
        f"runfleet: the manager at %{HOST_VARIABLE}%:{pest.port} cannot be reached from this node"
    )
    # Wine has no PowerShell; there the program itself finds out whether it gets through.
    test = f'if exist "{_POWERSHELL}"'
    yield (
        f'{test} powershell -NoProfile -Command "foreach ($i in 1..60) {{ try {{ (New-Object '
        f"Net.Sockets.TcpClient).Connect($env:{HOST_VARIABLE}, {pest.port}); exit 0 }} catch {{ "
        'Start-Sleep 1 } }; exit 1" >nul'
    )
    yield f"{test} if errorlevel 1 (echo {said}>&2 & exit {EXIT_UNREACHABLE})"


def _linux_folders(pest: Pest, model_folders: Iterable[PurePosixPath]) -> Iterator[str]:
    yield f"cd {shlex.quote(str(pest.control.parent))} || exit {EXIT_NOT_STAGED}"
    for folder in model_folders:
        yield f"mkdir -p {shlex.quote(str(folder))}"


def _windows_folders(pest: Pest, model_folders: Iterable[PurePosixPath]) -> Iterator[str]:
    if pest.control.parent != PurePosixPath("."):
        folder = _windows_path(pest.control.parent)
        # Not `cd ... || exit`: Wine's `cmd` exits then in any case.
        yield f'if not exist "{folder}\\" exit {EXIT_NOT_STAGED}'
        yield f'cd /d "{folder}"'
    for model_folder in model_folders:
        path = _windows_path(model_folder)
        yield f'if not exist "{path}\\" mkdir "{path}"'


def _windows_path(path: PurePosixPath) -> str:
    return str(path).replace("/", "\\")
