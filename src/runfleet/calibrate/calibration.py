"""A calibration on an account: begun, watched, gone on with, and its results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from runfleet.calibrate.checks import check_before_submitting, control_of, pest_of
from runfleet.calibrate.control_files.control import read_control
from runfleet.calibrate.control_files.problems import ControlError
from runfleet.calibrate.copies import Copies
from runfleet.calibrate.endings import Endings, EndReason
from runfleet.calibrate.errors import CalibrationError, ManagerLostError
from runfleet.calibrate.explaining import Standing, explain_calibration, needs_situation
from runfleet.calibrate.fetching import blobs_below, fetch
from runfleet.calibrate.logs import Logs
from runfleet.calibrate.manager_folder import ManagerFolder
from runfleet.calibrate.programs import Program
from runfleet.calibrate.reading import ManagerReading
from runfleet.calibrate.restart import LeftFiles, Restart, plan_restart
from runfleet.calibrate.staff import Staff
from runfleet.calibrate.states import CalibrationProgress
from runfleet.calibrate.submitted_control import SubmittedControl
from runfleet.calibrate.submitting import CalibrationSubmitter
from runfleet.calibrate.tasks import MANAGER, copies_prefix, tables_prefix
from runfleet.calibrate.waiting import find_rivals
from runfleet.calibrate.watching import CalibrationWatcher, Follow
from runfleet.launch import names
from runfleet.launch.accounts.account import Account
from runfleet.launch.diagnosis import find_situation
from runfleet.launch.errors import StudyFileNeededError, StudyNotFoundError, demand_study
from runfleet.launch.explanation import Explanation
from runfleet.launch.hashes import Snapshot
from runfleet.launch.outages import hopeful
from runfleet.launch.record import StudyRecord
from runfleet.launch.run_files import StoredFiles
from runfleet.launch.steps import OnStep, Step, StepName, unheard
from runfleet.storage import Storage
from runfleet.study import Pest, Study, WorkerRange

if TYPE_CHECKING:
    from runfleet.calibrate.results.collecting import Results

_FIRST_TO_KEEP = 2

OnWait = Callable[[str], None]
"""Is told why nothing begins."""


@dataclass(frozen=True)
class Calibration:
    """
    A calibration on an account.

    It can be thrown away and made again at any time, also on another machine.

    Parameters
    ----------
    account
        Where it is.
    name
        The name of its study.
    study
        The study; None where only its name is known.
    unattended
        Whether nobody will watch it, and add workers as they are needed: all come at once then.
    """

    account: Account
    name: str
    study: Study | None = None
    unattended: bool = False

    @classmethod
    def of(cls, account: Account, study: Study, *, unattended: bool = False) -> Calibration:
        """Take a study with a calibration to an account; nothing is done yet."""
        demand_study(study)
        pest_of(study)
        return cls(account, study.name, study, unattended)

    def submit(
        self, *, replace: bool = False, on_step: OnStep = unheard, on_wait: OnWait = unheard
    ) -> StudyRecord:
        """
        Begin it, or go on where that was interrupted; comes back when all workers are submitted.

        Called again it changes nothing, but for workers that are missing.  A changed study begins
        anew, and so does one that has failed before anything came out.

        Parameters
        ----------
        replace
            Whether it may take the place of another study of its name.
        on_step, on_wait
            Are told what is going on, and why it does not.

        Raises
        ------
        NameTakenError
            If its name is that of another study, see `Account.refuse_other`.
        RunfleetError
            If anything else is in the way: an error in the files, a manager that ends before a
            worker has reached it, a connection that does not come about.
        """
        with self._submitter(on_step, on_wait) as submitter, hopeful():
            claim = self._claiming(submitter, replace=replace)
            record = self.account.records(self.name).read()
            if record and self._is_in_vain(record) and not submitter.changes(record):
                on_step(Step(StepName.BEGINNING_ANEW))
                return submitter.begin(claim, Restart())
            return submitter.submit(claim)

    def begin_anew(self, *, on_step: OnStep = unheard, on_wait: OnWait = unheard) -> StudyRecord:
        """Begin it from the beginning, whatever there is of it; see `submit`."""
        with self._submitter(on_step, on_wait) as submitter, hopeful():
            return submitter.begin(self._claiming(submitter), Restart())

    def plan_resume(self) -> Restart:
        """
        Tell what would be used of a calibration whose manager was lost.

        Raises
        ------
        CalibrationError
            If it has not ended, or has ended well; if its control file has been edited so that
            what would be used belongs to another calibration.
        """
        study = self._loaded("to go on with it")
        record = self._record()
        progress = self.look()
        if not progress.state.has_ended:
            raise CalibrationError(
                f"the calibration `{self.name}` is {progress.state}: there is nothing to resume",
                hint=f"watch it with `runfleet watch {self.name}`",
            )
        if progress.error is None:
            raise CalibrationError(
                f"the calibration `{self.name}` has come to its end",
                hint=f"`runfleet results {self.name}` collects its results, "
                f"`runfleet retry {self.name}` begins it anew",
            )
        restart = self._restart_from(record, study)
        if restart.keeps_anything:
            self._refuse_another_question(record, study)
        return restart

    def _restart_from(self, record: StudyRecord, study: Study) -> Restart:
        pest = pest_of(study)
        program = Program.named(pest.program)
        return plan_restart(program, control_of(study, pest), self._left(record))

    def _refuse_another_question(self, record: StudyRecord, study: Study) -> None:
        """Refuse edits that programs either overlook or mix with what they have kept."""
        pest, before = pest_of(study), _pest_in(record)
        storage, job_id = self._storage, record.newest.job_id
        submitted = SubmittedControl(storage, record.container, job_id, before.control)
        edits = list(submitted.edits(control_of(study, pest)))
        if pest.program != before.program:
            edits.insert(0, f"it is `{pest.program}` that is to go on where `{before.program}` was")
        if edits:
            told = "".join(f"\n  - {edit}" for edit in edits)
            raise CalibrationError(
                f"what was kept of `{self.name}` is of another calibration than `{pest.control}` "
                f"asks for now:{told}",
                hint=f"begin anew: `runfleet retry {self.name}`; or undo that to go on: only the "
                "model, its templates and instructions, and `* control data` may change meanwhile",
            )

    def resume(
        self, restart: Restart, *, on_step: OnStep = unheard, on_wait: OnWait = unheard
    ) -> StudyRecord:
        """Go on with what was saved of it; see `plan_resume` and `submit`."""
        with self._submitter(on_step, on_wait) as submitter, hopeful():
            return submitter.begin(self._claiming(submitter), restart)

    def changes(self, *, replace: bool = False) -> tuple[str, ...]:
        """
        Say how the study differs from what was submitted before; nothing is done.

        Raises
        ------
        NameTakenError
            If its name is that of another study, whose place it may not take; see `submit`.
        """
        study = self._loaded("to compare it")
        if not replace:
            self.account.origins.refuse_namesake(study)
        record = self.account.records(self.name).read()
        if record is None:
            return ()
        with self._submitter(unheard, unheard) as submitter:
            changes = submitter.changes(record)
        if not replace:
            self.account.refuse_other(study, changed=bool(changes))
        return changes

    def look(self) -> CalibrationProgress:
        """Tell how far it is; nothing is done about it."""
        return self._watcher(self._record()).look()

    def explain(self) -> Explanation:
        """Say in one sentence why it is where it is, and what to do next."""
        record = self._record()
        progress = self._watcher(record).look()
        standing = Standing(self.name, progress, record.is_adding)
        if needs_situation(progress):
            batch = self.account.batch
            job = batch.get_job(record.newest.job_id)
            situation = find_situation(batch, job, self.name)
            rivals = find_rivals(batch, situation)
            standing = replace(standing, situation=situation, rivals=rivals)
        found = explain_calibration(standing)
        if isinstance(progress.error, ManagerLostError) and not self._keeps_anything(record):
            again = f"nothing of it was saved: `runfleet run {self.name}` begins anew"
            return replace(found, next_step=again)
        return found

    def watch(self) -> Iterator[CalibrationProgress]:
        """
        Tell again and again how far it is, until its manager has ended.

        Meanwhile its files are copied to the storage, workers are added as they are needed, and
        those that have long been idle are sent home, as `pest: workers` allows.  Leaving the loop
        leaves the calibration going.
        """
        record = self._record()
        copies = Copies(
            self.account.batch,
            self._storage,
            record.container,
            record.newest.job_id,
            _pest_in(record),
        )
        with hopeful(f"`runfleet explain {self.name}` says how to go on"):
            yield from self._watcher(record, copies, self._staff(record)).watch()

    def cancel(self) -> None:
        """End it; what its manager has written stays."""
        self.account.batch.terminate_job(self._record().generations[-1].job_id, EndReason.CANCELLED)

    def collect(self, folder: Path | str, *, on_step: OnStep = unheard) -> Results:
        """
        Bring its results into a folder: tables, plots, and the files of the manager.

        Parameters
        ----------
        folder
            Where they go; made if need be.
        on_step
            Is told how far it is.

        Raises
        ------
        LaunchError
            If the folder cannot be written to, or has files of somebody else.
        CalibrationError
            If there are no files of the manager yet.
        """
        # Imported late: pandas takes its time.
        from runfleet.calibrate.results.collecting import collect_results

        record = self._record()
        pest = _pest_in(record)
        folder = Path(folder)
        own = ManagerFolder(folder, self.name, pest.control)
        with own.renewed() as draft:
            on_step(Step(StepName.COLLECTING))
            self._fetch(record, draft)
        on_step(Step(StepName.TABULATING))
        return collect_results(own.manager / pest.control.parent, pest.control.stem, folder)

    def _is_in_vain(self, record: StudyRecord) -> bool:
        """Tell whether it has ended badly, before its first iteration was finished."""
        progress = self._watcher(self._demand_calibration(record)).look()
        if isinstance(progress.error, ManagerLostError):
            return not self._keeps_anything(record)
        return progress.error is not None and (progress.pest.iteration or 0) < _FIRST_TO_KEEP

    def _keeps_anything(self, record: StudyRecord) -> bool:
        """Tell whether there is something to go on with, as far as that is known by the name."""
        if self.study is None:
            return bool(self._left(record).blobs)
        return self._restart_from(record, self.study).keeps_anything

    def _left(self, record: StudyRecord) -> LeftFiles:
        folder = _pest_in(record).control.parent
        inputs = {path.name for path in _inputs_in(record) if path.parent == folder}
        return LeftFiles(self._storage, record.container, record.newest.job_id, folder, inputs)

    def _fetch(self, record: StudyRecord, folder: Path) -> None:
        """Fetch what the manager has left or, where that is nothing, what was copied off it."""
        job_id = record.newest.job_id
        control = folder / _pest_in(record).control
        below = partial(blobs_below, self._storage, record.container)
        found = below(names.run_prefix(job_id, MANAGER), folder)
        # What every manager leaves, also one that does nothing as it was started before.
        begins_with = {*map(str, _inputs_in(record)), *names.LOGS}
        if {path.relative_to(folder).as_posix() for _, path in found} <= begins_with:
            found += below(copies_prefix(job_id), control.parent)
        found += below(tables_prefix(job_id), folder)
        fetch(self._storage, record.container, found)

    @property
    def _storage(self) -> Storage:
        return self.account.storage

    def _record(self) -> StudyRecord:
        """Read what the account knows of it, and not of another file's study of its name."""
        if self.study is not None:
            self.account.origins.refuse_namesake(self.study)
        return self._demand_calibration(self.account.records(self.name).read())

    def _demand_calibration(self, record: StudyRecord | None) -> StudyRecord:
        if record is None or not record.is_calibration:
            raise StudyNotFoundError(self.name, self.account.name)
        return record

    def _loaded(self, purpose: str) -> Study:
        if self.study is None:
            raise StudyFileNeededError(self.name, purpose)
        return self.study

    def _watcher(
        self, record: StudyRecord, copies: Copies | None = None, follow: Follow | None = None
    ) -> CalibrationWatcher:
        job_id = record.newest.job_id
        batch = self.account.batch
        logs = Logs(batch, StoredFiles(self._storage, record.container), job_id)
        reading = ManagerReading(logs, _pest_in(record), self._iterations())
        return CalibrationWatcher(batch, job_id, reading, Endings(self.name, logs), copies, follow)

    def _iterations(self) -> int | None:
        """Tell how many iterations there will be at most; None where the file is not at hand."""
        if self.study is None or self.study.pest is None:
            return None
        try:
            most = read_control(self.study.folder / self.study.pest.control).noptmax
        except ControlError:
            return None
        return most if most > 0 else None

    def _staff(self, record: StudyRecord) -> Follow | None:
        """Have the number of workers follow the runs, if it may and their study is at hand."""
        if self.study is None or not pest_of(self.study).workers.is_elastic:
            return None
        job_id = record.newest.job_id
        prepared = cache(partial(self._unchanged_submitter, record))

        def hire(count: int) -> None:
            submitter = prepared()
            with self.account.locked(self.name):
                submitter.add_more_workers(job_id, count)

        workers = pest_of(self.study).workers
        return Staff(self.account.batch, job_id, workers, hire).follow

    def _unchanged_submitter(self, record: StudyRecord) -> CalibrationSubmitter:
        """Prepare to add workers that are as those that there are."""
        with self.account.snapshot() as files:
            submitter = self._prepared(files, unheard, unheard)
            if submitter.changes(record):
                raise CalibrationError("the study has changed since it was submitted")
            return submitter

    def _claiming(
        self, submitter: CalibrationSubmitter, *, replace: bool = False
    ) -> Callable[[], str]:
        """Give what notes that it is submitted, unless that would take another's place."""
        record = self.account.records(self.name).read()
        changed = record is not None and bool(submitter.changes(record))
        return self.account.claiming(submitter.target.study, changed=changed, replace=replace)

    @contextmanager
    def _submitter(self, on_step: OnStep, on_wait: OnWait) -> Iterator[CalibrationSubmitter]:
        with self.account.locked(self.name), self.account.snapshot() as files:
            yield self._prepared(files, on_step, on_wait)

    def _prepared(self, files: Snapshot, on_step: OnStep, on_wait: OnWait) -> CalibrationSubmitter:
        """Read and check all files of the calibration."""
        study = self._loaded("to submit it")
        pool = self.account.plan_pool(study)
        control, _ = check_before_submitting(study, pool.operating_system)
        target = self.account.target(study, pool, files, on_step)
        return CalibrationSubmitter(target, pest_of(study), control, on_wait, self.unattended)


def _inputs_in(record: StudyRecord) -> Iterator[PurePosixPath]:
    """Tell which files were staged, by their paths in the folder of the study."""
    return map(PurePosixPath, record.definition.model["inputs"])


def _pest_in(record: StudyRecord) -> Pest:
    """Tell of a calibration what its record knows: enough to find its files."""
    model = record.definition.model
    return Pest(PurePosixPath(model["control"]), model["program"], WorkerRange(1, 1))
