"""The line that starts the processes of a run by MPI, on the nodes that Batch names."""

from __future__ import annotations

import re
import shlex

from runfleet.study.mpi import Implementation, Mpi

COMMON_FOLDER = "wd"
"""Where processes run on all nodes, in the folder of what these have fetched in common."""

# What only a shell understands: also variables that differ from process to process, assignments
# before a program, and words that are no programs.
_OPERATORS = r"[|&;<>(){}`\n]"
_SHELL_SYNTAX = re.compile(
    rf"{_OPERATORS}|\$(?:I_MPI|MPI|OMPI|PMIX?)_|^\s*(?:\w+=|(?:exec|ulimit|export|source|\.|cd)\s)"
)
_BATCH_SYNTAX = re.compile(_OPERATORS)
_PACKAGE = re.compile(r"\$\{?(AZ_BATCH_APP_PACKAGE_\w+)")
_HOSTS = '"$AZ_BATCH_HOST_LIST"'


def launch_line(mpi: Mpi, command: str) -> str:
    """
    Write the shell line that starts a model's command in all its processes.

    The first node carries it out, in a folder that all nodes have under the same name.

    Parameters
    ----------
    mpi
        How many processes, where, and by what.
    command
        What each of them is; a shell reads it in each if it takes one.
    """
    options = [mpi.launcher, *_placing(mpi, command), *([mpi.options] if mpi.options else [])]
    return " ".join([*options, _program(mpi, command)])


def _placing(mpi: Mpi, command: str) -> list[str]:
    """
    Say how many processes go where.

    MPICH and Intel MPI hand all environment variables on, Open MPI those that are named; folders of
    packages that the command names are the same on all nodes.  MS-MPI learns of the nodes from
    `CCP_NODES`, which Batch sets.
    """
    count = str(mpi.processes_per_node)
    if mpi.implementation is Implementation.MSMPI:
        return ["-c", count, "-wdir", rf"%AZ_BATCH_TASK_SHARED_DIR%\{COMMON_FOLDER}"]
    if mpi.implementation is Implementation.OPENMPI:
        packages = dict.fromkeys(_PACKAGE.findall(command))
        handed_on = (*mpi.variables, *packages, "PATH")
        variables = [word for name in handed_on for word in ("-x", name)]
        return ["-host", _hosts_with_slots(count), "-n", str(mpi.processes), *variables]
    return ["-hosts", _HOSTS, "-n", str(mpi.processes), "-ppn", count]


def _hosts_with_slots(count: str) -> str:
    """Open MPI starts one process on a host, unless it is told of more slots behind its name."""
    return _HOSTS if count == "1" else f'"$(echo {_HOSTS} | sed "s/,/:{count},/g"):{count}"'


def _program(mpi: Mpi, command: str) -> str:
    if mpi.implementation is Implementation.MSMPI:
        return f'cmd /s /c "{command}"' if _BATCH_SYNTAX.search(command) else command
    if not _SHELL_SYNTAX.search(command):
        return command
    return f"/bin/sh -c {shlex.quote(command)}"
