"""
Going on with a calibration whose manager was lost: what is used of what it has left.

Every program has a way of its own.  BeoPEST goes on at the beginning of an iteration with ``/r``
(its own usage text: ``[/r] [/j] [/s]``); pestpp-glm within the runs of a Jacobian, or behind them,
with ``/r``.  The others have no switch: pestpp-ies takes its last ensembles as initial ones,
pestpp-opt its last Jacobian with the values that it belongs to, by options of the control file
(PEST++ Users Manual, sections on ``ies_parameter_ensemble``, ``ies_restart_observation_ensemble``
and ``base_jacobian``).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

from runfleet.calibrate.control_files.control import Control
from runfleet.calibrate.control_files.control_data import read_control_data
from runfleet.calibrate.control_files.rewriting import can_take_values, rewritten
from runfleet.calibrate.control_files.sections import split_control
from runfleet.calibrate.family import Family
from runfleet.calibrate.programs import Program
from runfleet.calibrate.tasks import (
    MANAGER,
    copies_prefix,
    is_own_file,
    restart_prefix,
    switches_blob,
)
from runfleet.launch import names
from runfleet.storage import BlobNotFoundError, Storage

_OF_WORKERS = ".rmr"
"""What a manager notes about its workers: those of an earlier one would pass for its own."""

_UPGRADE_BUILT = b"upgrade_model_runs_built"
"""What pestpp-glm notes last before it carries out the runs that try upgrades."""


_OF_OTHER_VALUES = ("hotstart_resfile", "ies_restart_parameter_ensemble")
"""Options by which users restart a calibration themselves: they belong to where that was."""


@dataclass(frozen=True)
class Restart:
    """
    What of an earlier calibration is used.

    Parameters
    ----------
    files
        Files for the folder of the manager, by name.
    switches
        Switches for it.
    says
        What that means, a sentence each; empty for a calibration from the beginning.
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    switches: str = ""
    says: tuple[str, ...] = ()

    @property
    def keeps_anything(self) -> bool:
        """Whether the calibration does not begin anew."""
        return bool(self.files or self.switches)

    def store(self, storage: Storage, container: str, job_id: str) -> None:
        """Put it where the manager of a job will find it."""
        for name, content in self.files.items():
            storage.put_bytes(container, f"{restart_prefix(job_id)}{name}", content)
        storage.put_bytes(container, switches_blob(job_id), self.switches.encode())


def restart_switches(storage: Storage, container: str, job_id: str) -> str:
    """Read the switches with which the manager of a job starts."""
    try:
        return storage.get_bytes(container, switches_blob(job_id)).decode()
    except BlobNotFoundError:
        return ""


@dataclass(frozen=True)
class LeftFiles:
    """
    What a manager has left.

    That was uploaded at its end or else copied off while it ran; one that was lost at once has left
    what it went on from itself.

    Parameters
    ----------
    storage, container
        Where.
    job_id
        The job.
    folder
        The folder of the control file, relative to that of the study.
    inputs
        What lies in that folder when a manager starts, the control file and others that may be
        called like it.
    """

    storage: Storage
    container: str
    job_id: str
    folder: PurePosixPath
    inputs: Collection[str]

    @cached_property
    def blobs(self) -> Mapping[str, str]:
        """The blob of each file, by the file's name."""
        prefix = names.run_prefix(self.job_id, MANAGER)
        own = "" if self.folder == PurePosixPath() else f"{self.folder}/"
        places = (f"{prefix}{own}", copies_prefix(self.job_id), restart_prefix(self.job_id))
        found = (self._below(place) for place in places)
        # A manager that does nothing, as it was started before, leaves what it begins with.
        return next((files for files in found if files.keys() - self.inputs), {})

    def read(self, name: str) -> bytes:
        """Read a file that is among `blobs`."""
        return self.storage.get_bytes(self.container, self.blobs[name])

    def begun_with(self) -> Restart | None:
        """Tell what it went on from itself, if it did."""
        found = self._below(restart_prefix(self.job_id))
        if not found:
            return None
        files = {name: self.storage.get_bytes(self.container, blob) for name, blob in found.items()}
        switches = restart_switches(self.storage, self.container, self.job_id)
        says = "nothing new was finished: it goes on from where it did the last time"
        return Restart(files, switches, (says,))

    def _below(self, prefix: str) -> dict[str, str]:
        listed = (blob.name for blob in self.storage.list_blobs(self.container, prefix))
        found = {name.removeprefix(prefix): name for name in listed}
        return {name: blob for name, blob in found.items() if _is_of_manager(name)}


def plan_restart(program: Program, control: Control, left: LeftFiles) -> Restart:
    """
    Decide what of an earlier calibration is used.

    Parameters
    ----------
    program, control
        The calibration.
    left
        The files of the earlier one.
    """
    restart = _plan(program, control, left)
    return restart if restart.files else left.begun_with() or restart


def _plan(program: Program, control: Control, left: LeftFiles) -> Restart:
    if program.family is Family.PEST:
        return _pest(program, control, left)
    plans = {"glm": _glm, "ies": _ies, "opt": _opt}
    plan = plans.get(program.tool)
    return plan(control, left) if plan else _nothing(f"`{program.name}` cannot go on")


def _is_of_manager(name: str) -> bool:
    return "/" not in name and name not in names.LOGS


def _own_files(control: Control, left: LeftFiles) -> dict[str, bytes]:
    """Read what is named after the case, but for what comes as an input, as the control file."""
    own = (name for name in left.blobs if is_own_file(name, control.case))
    kept = (name for name in own if not name.endswith(_OF_WORKERS))
    return {name: left.read(name) for name in kept if name not in left.inputs}


def _nothing(reason: str) -> Restart:
    return Restart(says=(f"{reason}: the calibration begins anew",))


def _pest(program: Program, control: Control, left: LeftFiles) -> Restart:
    if not control.is_restartable:
        return _nothing(f"`{control.file.name}` says `norestart`, so PEST has kept nothing")
    if f"{program.case_of(PurePosixPath(control.file.name))}.rst" not in left.blobs:
        return _nothing("the manager was lost before it had something to go on from")
    # Its switch `/s` would keep runs of a Jacobian, too; but a killed BeoPEST leaves the queue of
    # these in a state that it then cannot read.
    says = "all iterations that were finished are kept"
    return Restart(_own_files(control, left), "/r", (says,))


def _glm(control: Control, left: LeftFiles) -> Restart:
    notes = f"{control.case}.rst"
    if notes not in left.blobs:
        return _nothing("the manager was lost before it had something to go on from")
    says = "all iterations that were finished are kept, and model runs of the present Jacobian"
    files = _own_files(control, left)
    if notes in files:
        files[notes] = _before_upgrade(files[notes])
    return Restart(files, "/r", (says,))


def _before_upgrade(notes: bytes) -> bytes:
    """
    Have the runs that try upgrades be begun anew.

    The program does carry out those that it finds, but does not know their upgrades any more: it
    ends with `all upgrade runs failed`, at every further restart, too.
    """
    lines = notes.splitlines(keepends=True)
    return b"".join(lines[:-1]) if lines and lines[-1].strip() == _UPGRADE_BUILT else notes


def _ies(control: Control, left: LeftFiles) -> Restart:
    case = control.case
    done = _last_iteration(left, rf"{re.escape(case)}\.(\d+)\.obs\.csv")
    noise = f"{case}.obs+noise.csv"
    if done is None or f"{case}.{done}.par.csv" not in left.blobs or noise not in left.blobs:
        return _nothing("no iteration was finished, not even that of the prior ensemble")
    sources = {
        "ies_parameter_ensemble": f"{case}.{done}.par.csv",
        "ies_observation_ensemble": noise,
        "ies_restart_observation_ensemble": f"{case}.{done}.obs.csv",
    }
    # The program writes files of the same names itself.
    files = {f"restart.{name}": left.read(name) for name in sources.values()}
    options = {option: f"restart.{name}" for option, name in sources.items()}
    rest = _rest(control, left, done)
    content = rewritten(control, options, without=_OF_OTHER_VALUES, noptmax=rest)
    says = f"the ensembles after iteration {done} are the initial ones; iterations left: {rest}"
    return Restart(files | {control.file.name: content}, says=(says,))


def _opt(control: Control, left: LeftFiles) -> Restart:
    number = _jacobian_to_use(control, left)
    jacobian = f"{control.case}.{number}.jcb"
    if jacobian not in left.blobs:
        return _nothing("the manager was lost before it had a Jacobian")
    name = f"restart.{jacobian}"
    rest = _rest(control, left, number - 1)
    values = _read_values(left.read(f"{control.case}.{number - 1}.par")) if number > 1 else {}
    options = {"base_jacobian": name}
    content = rewritten(control, options, without=_OF_OTHER_VALUES, noptmax=rest, values=values)
    files = {name: left.read(jacobian), control.file.name: content}
    begins = f"it begins with the values after iteration {number - 1} and"
    says = f"{begins if values else 'it begins with'} the Jacobian that was worked out from them"
    return Restart(files, says=(f"{says}; iterations left: {rest}",))


def _jacobian_to_use(control: Control, left: LeftFiles) -> int:
    """Choose the last iteration whose Jacobian is there, and the values that it belongs to."""
    case = control.case
    done = _last_iteration(left, rf"{re.escape(case)}\.(\d+)\.jcb") or 1
    has_values = can_take_values(control) and f"{case}.{done - 1}.par" in left.blobs
    return done if has_values else 1


def _last_iteration(left: LeftFiles, pattern: str) -> int | None:
    found = (re.fullmatch(pattern, name) for name in left.blobs)
    return max((int(match[1]) for match in found if match), default=None)


def _rest(control: Control, left: LeftFiles, done: int) -> int:
    """Count the iterations that are left of those that the manager was asked for."""
    asked = control.noptmax
    if control.file.name in left.blobs:  # it may have gone on with another one itself
        text = left.read(control.file.name).decode(errors="replace")
        parts = split_control(control.file, text)
        asked = read_control_data(parts.sections["control data"]).noptmax
    return max(1, asked - done) if asked > 0 else asked


def _read_values(content: bytes) -> dict[str, str]:
    """Read a file of parameter values: a line of its own, then one for each with name and value."""
    rows = (line.split() for line in content.decode(errors="replace").splitlines()[1:])
    return {row[0].lower(): row[1] for row in rows if len(row) > 1}
