"""Whether this machine has the program that starts the processes of runs by MPI."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache

from runfleet.launch.checks.places import told_at
from runfleet.launch.errors import LaunchError
from runfleet.study import Study
from runfleet.study.mpi import Implementation, Mpi

_PLAIN_NAME = re.compile(r"[\w.+-]+")
_COMMON_NAMES = ("mpirun", "mpiexec")
_WAYS = {
    Implementation.MPICH: "install MPICH, as by `sudo apt-get install mpich`",
    Implementation.OPENMPI: "install Open MPI, as by `sudo apt-get install openmpi-bin`",
    Implementation.INTEL: "load Intel MPI, as by `. /opt/intel/oneapi/setvars.sh`",
}
_OWN_LAUNCHERS = {
    Implementation.MPICH: "mpirun.mpich",
    Implementation.OPENMPI: "mpirun.openmpi",
    Implementation.INTEL: "/opt/intel/oneapi/mpi/latest/bin/mpirun",
}
"""Where an implementation has one beside those of others."""

_MARKS = {
    "Open MPI": Implementation.OPENMPI,
    "Intel(R) MPI": Implementation.INTEL,
    "HYDRA": Implementation.MPICH,
}
"""What launchers say of themselves."""

_ANSWER_SECONDS = 5.0


def check_launcher(study: Study, search_path: str | None) -> None:
    """
    Refuse runs by MPI whose launcher this machine lacks, or has of another implementation.

    Nothing is known of what packages, a PATH of the study or the start task of a named pool bring,
    nor of paths and whole lines.

    Parameters
    ----------
    study
        The study that runs on this machine.
    search_path
        Where its runs look for programs; None where nobody knows.

    Raises
    ------
    StudyError
        With the place in the study file.
    """
    mpi = study.model.mpi
    if mpi is None or search_path is None or _may_be_brought(study, mpi):
        return
    program = shutil.which(mpi.launcher, path=search_path)
    with told_at(study, "model", "mpi"):
        if program is None:
            raise _lacking(mpi)
        found = _implementation_of(program)
        if found is not None and _is_open_mpi(found) is not _is_open_mpi(mpi.implementation):
            raise _of_another(mpi, found)


def _may_be_brought(study: Study, mpi: Mpi) -> bool:
    model = study.model
    is_looked_for = _PLAIN_NAME.fullmatch(mpi.launcher) and "PATH" not in model.environment
    return not is_looked_for or bool(model.packages or study.pool.id)


def _lacking(mpi: Mpi) -> LaunchError:
    what = f"the account `local` starts processes by `{mpi.launcher}`, which is not on the PATH "
    if shutil.which(mpi.launcher):
        return LaunchError(
            f"{what}with which the emulator was started",
            hint="end it by `runfleet emulator stop`: the next one has the PATH of your shell",
        )
    is_common = mpi.launcher in _COMMON_NAMES
    way = _WAYS[mpi.implementation] if is_common else "put its folder there"
    return LaunchError(
        f"{what}here",
        hint=f"{way}, or name the package that brings it under `packages`, or its path as "
        "`launcher`",
    )


def _of_another(mpi: Mpi, found: Implementation) -> LaunchError:
    asked = mpi.implementation
    return LaunchError(
        f"`{mpi.launcher}` here is that of {found.label}, and does not understand the line for "
        f"{asked.label}",
        hint=f"write `implementation: {found}` if the model is linked with that, or name the "
        f"program of {asked.label}: `launcher: {_OWN_LAUNCHERS[asked]}`",
    )


def _is_open_mpi(implementation: Implementation) -> bool:
    """Tell the one whose line is its own; the others understand each other's."""
    return implementation is Implementation.OPENMPI


@cache
def _implementation_of(program: str) -> Implementation | None:
    """Ask a launcher what it is; None if it is nothing known."""
    try:
        done = subprocess.run(
            [program, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ANSWER_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return next((known for mark, known in _MARKS.items() if mark in done.stdout), None)
