"""A calibration's manager and workers as Batch has them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import PurePosixPath

from runfleet.azure import (
    OperatingSystem,
    OutputFile,
    ResourceFile,
    TaskSettings,
)
from runfleet.calibrate.control_files.control import Control
from runfleet.calibrate.control_files.pestpp_options import spellings
from runfleet.calibrate.programs import Program
from runfleet.calibrate.scripts import HOST_VARIABLE, manager_command, worker_command
from runfleet.launch import names
from runfleet.launch.batch_files import stage_batch_file
from runfleet.launch.packages import references_to
from runfleet.launch.scripts import RETRY_FOLDER
from runfleet.launch.tasks import command_line
from runfleet.storage import Storage
from runfleet.study import Pest, SharedInput, Study
from runfleet.study.run import RUN_VARIABLE

MANAGER = "manager"
"""The id of the manager's task."""

TASK_FILE = f"{RETRY_FOLDER}\\task.cmd"
"""The batch file with the command of a task, on Windows nodes; it outlasts retries there."""

_STATE = "calibration"
_WORKER_FOLDER = re.compile(r"[\\/](worker-\d+)[\\/]wd\b")
_SWEEP_OUTPUT = "sweep_out.csv"
_NOTHING: Mapping[str, str] = {}


def worker_id(number: int) -> str:
    """Name the task of a worker, counted from 1."""
    return f"worker-{number:03d}"


def worker_in(folder: str) -> str | None:
    """Tell whose folder it is in which a program says that it works; None for nobody's."""
    found = _WORKER_FOLDER.search(folder)
    return found[1] if found else None


def is_own_file(name: str, case: str) -> bool:
    """Tell whether a file in the manager's folder is one that it has written for itself."""
    return name.lower().startswith(f"{case}.".lower())


def state_prefix(job_id: str) -> str:
    """Begin the names of the blobs that a manager finds when it starts."""
    return f"{_STATE}/{job_id}/"


def manager_state(job_id: str) -> PurePosixPath:
    """Name the folder in which a manager finds those."""
    return PurePosixPath(state_prefix(job_id))


def started_blob(job_id: str) -> str:
    """Name the blob that says that a manager has been started."""
    return f"{state_prefix(job_id)}started"


def restart_prefix(job_id: str) -> str:
    """Begin the names of the blobs that a manager goes on with."""
    return f"{state_prefix(job_id)}restart/"


def switches_blob(job_id: str) -> str:
    """Name the blob that holds the switches with which a manager goes on."""
    return f"{state_prefix(job_id)}switches"


def copies_prefix(job_id: str) -> str:
    """Begin the names of the blobs that are copied off a running manager."""
    return f"copies/{job_id}/"


def tables_prefix(job_id: str) -> str:
    """Begin the names of the blobs with the tables of a control file, by their paths."""
    return f"tables/{job_id}/"


def control_prefix(job_id: str) -> str:
    """Begin the name of the blob with a control file as it was submitted, by its path."""
    return f"control/{job_id}/"


def sweep_output(pest: Pest, control: Control) -> str:
    """Name the table that pestpp-swp writes; nothing for other programs."""
    if Program.named(pest.program).tool != "swp":
        return ""
    named = spellings(["sweep_output_csv_file"]) & control.options.keys()
    return next((control.options[option] for option in named), _SWEEP_OUTPUT)


def staged(study: Study, pest: Pest, control: Control) -> Study:
    """
    Add the files of a control file to the inputs of its study, by the study's own paths.

    What the tasks carry out differs, and comes with each of them.
    """
    inputs = {shared.path: shared for shared in study.model.inputs}
    for file in control.files:
        path = PurePosixPath(file.relative_to(study.folder).as_posix())
        inputs.setdefault(path, SharedInput(path, file))
    ordered = tuple(inputs[path] for path in sorted(inputs))
    model = replace(
        study.model, command=f"call {TASK_FILE}", inputs=ordered, outputs=(), retries=pest.restarts
    )
    return replace(study, model=model)


@dataclass(frozen=True)
class CalibrationTasks:
    """
    Makes the tasks of one job of a calibration.

    Parameters
    ----------
    study
        The study as `staged` makes it.
    pest
        Its calibration.
    storage
        Where the outputs go.
    job_id
        The job.
    system
        Of its pool.
    url_life
        How long nodes have to reach the files.
    outputs
        Files of the manager to keep besides those that are named after its case: patterns.
    model_folders
        Folders that the model's files are in, below that of the control file.
    sweep_output
        The file of the manager that is not named after its case; nothing if there is none.
    """

    study: Study
    pest: Pest
    storage: Storage
    job_id: str
    system: OperatingSystem
    url_life: timedelta
    outputs: Sequence[str] = ()
    model_folders: Sequence[PurePosixPath] = ()
    sweep_output: str = ""

    def manager(self, restart_switches: str) -> TaskSettings:
        """
        Make the task of the manager.

        Parameters
        ----------
        restart_switches
            Those by which it goes on with what an earlier one has left.
        """
        state = manager_state(self.job_id)
        command = manager_command(
            self.pest, self.model_folders, state, restart_switches, self.system
        )
        url = self.storage.container_url(self._container, life=self.url_life)
        return self._task(
            MANAGER,
            command,
            resource_files=[ResourceFile(container_url=url, blob_prefix=f"{state}/")],
            outputs=[*self._own_files(), *self.outputs],
            time_limit=self.study.model.time_limit,
        )

    def worker(self, number: int, host: str) -> TaskSettings:
        """Make the task of a worker, whose manager is on `host`."""
        task_id = worker_id(number)
        return self._task(
            task_id,
            worker_command(self.pest, self.model_folders, self.system),
            retries=self.pest.restarts,
            environment={HOST_VARIABLE: host},
        )

    def _task(
        self,
        task_id: str,
        command: str,
        *,
        retries: int = 0,
        environment: Mapping[str, str] = _NOTHING,
        resource_files: Sequence[ResourceFile] = (),
        outputs: Sequence[str] = (),
        time_limit: timedelta | None = None,
    ) -> TaskSettings:
        model = self.study.model
        files = [*resource_files, *self._script_files(command)]
        return TaskSettings(
            task_id,
            command_line(replace(model, command=command, retries=retries), self.system),
            files,
            [*self._outputs(task_id, outputs)],
            {**model.environment, RUN_VARIABLE: task_id, **environment},
            references_to(model.packages),
            max_retries=retries,
            time_limit=time_limit,
        )

    def _own_files(self) -> Iterator[str]:
        """Name the files of the manager by patterns: the control file, and what it writes."""
        control = self.pest.control
        cases = (control.stem, Program.named(self.pest.program).case_of(control))
        for case in dict.fromkeys(cases):
            yield str(control.with_name(f"{case}.*"))
        if self.sweep_output:
            yield str(control.with_name(self.sweep_output))

    def _script_files(self, command: str) -> list[ResourceFile]:
        """Upload the command as a batch file, for Windows nodes."""
        if self.system is OperatingSystem.LINUX:
            return []
        script, path = f"@echo off\n{command}\n", TASK_FILE.replace("\\", "/")
        return [stage_batch_file(self.storage, self._container, script, path, life=self.url_life)]

    @property
    def _container(self) -> str:
        return names.container_name(self.study.name)

    def _outputs(self, task_id: str, patterns: Sequence[str]) -> Iterator[OutputFile]:
        url = self.storage.container_url(self._container, life=self.url_life, write=True)
        return names.output_files(self.job_id, task_id, patterns, url)
