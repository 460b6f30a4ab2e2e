"""The programs in `ssh`'s place, and where tasks on several nodes find them."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from runfleet.agent import ssh
from runfleet.agent.host_names import Naming
from runfleet.agent.messages import Execute
from runfleet.home import AgentFolders
from runfleet.storage.files import written_whole

_NAMES = ("ssh", "rsh")

# Open MPI asks whoever is root for both of a pair; older and newer versions for different pairs.
_ALLOW_ROOT = (
    "OMPI_ALLOW_RUN_AS_ROOT",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM",
    "PRTE_ALLOW_RUN_AS_ROOT",
    "PRTE_ALLOW_RUN_AS_ROOT_CONFIRM",
)

# Open MPI takes ranks on hosts of one name for neighbours that share memory, and so does its UCX
# with all ranks of this machine, of which those of other users' namespaces are out of its reach.
_DETOURS = {
    Naming.PLAIN: {},
    Naming.BESIDES: {"OMPI_MCA_pml": "ob1"},
    Naming.NOT_AT_ALL: {
        "OMPI_MCA_pml": "ob1",
        "OMPI_MCA_btl": "tcp,self",
        "OMPI_MCA_coll": "^han",
    },
}

# Where Open MPI keeps folders that it names by the numbers of its processes: those of a killed
# program would be in the way of the next one of that number.  `mpirun` has all nodes of a task use
# its own.  Older versions know the second name.
_SESSIONS = ("PRTE_MCA_prte_tmpdir_base", "OMPI_MCA_orte_tmpdir_base")


def sessions_folder(message: Execute) -> str:
    """Name the folder that an instance has to itself for what MPI keeps while it runs."""
    return f"{message.node_root}/volatile/mpi/{message.execution}"


def remove_sessions(message: Execute) -> None:
    """Remove what MPI kept for an instance of which no process is left."""
    shutil.rmtree(sessions_folder(message), ignore_errors=True)


def with_launchers(
    environment: Mapping[str, str], folder: Path, sessions: str, naming: Naming
) -> dict[str, str]:
    """
    An environment in which programs find `ssh` here before all other places.

    On the service tasks are not run by root; here they are run by whoever runs the emulator.
    """
    path = environment.get("PATH", os.defpath)
    allowed = dict.fromkeys(_ALLOW_ROOT, "1") if os.geteuid() == 0 else {}
    own = {"PATH": f"{folder}{os.pathsep}{path}"}
    apart = dict.fromkeys(_SESSIONS, sessions)
    return {**allowed, **_DETOURS[naming], **apart, **environment, **own}


def write_launchers(folders: AgentFolders) -> None:
    """Write the programs into their folder."""
    run = [sys.executable, "-I", "-S", ssh.__file__, os.fspath(folders.logins)]
    for name in _NAMES:
        program = folders.launchers / name
        # Replaced as a whole: a task of an earlier life may be reading it.
        with written_whole(program) as partial:
            command = shlex.join([*run, os.fspath(program)])
            partial.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
            partial.chmod(stat.S_IRWXU)
