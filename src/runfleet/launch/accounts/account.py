"""Accounts: where studies run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self

from filelock import FileLock, Timeout

from runfleet.azure import AzureBatch
from runfleet.azure.account_settings import LoginKind
from runfleet.home import Folders, StudiesFolder
from runfleet.launch.accounts.access import Access
from runfleet.launch.accounts.local import LOCAL
from runfleet.launch.checks import check_all
from runfleet.launch.definition import Definition
from runfleet.launch.deletion import (
    Belongings,
    delete_belongings,
    demand_belongings,
    find_belongings,
    refuse_more,
)
from runfleet.launch.errors import (
    AccountError,
    LaunchError,
    NameTakenError,
    RecordDamagedError,
    StudyNotFoundError,
    demand_study,
)
from runfleet.launch.hashes import Snapshot, hash_cache
from runfleet.launch.history import Repeat
from runfleet.launch.names import study_of
from runfleet.launch.origins import Origins
from runfleet.launch.outages import hopeful
from runfleet.launch.plan import Plan, make_plan
from runfleet.launch.pool import PoolPlan
from runfleet.launch.record import RecordStore, new_identity
from runfleet.launch.steps import OnStep, unheard
from runfleet.launch.submission import Submission
from runfleet.launch.submitting import Submitted, Submitter
from runfleet.launch.target import Target
from runfleet.storage import Storage
from runfleet.study import Study
from runfleet.study.designs import FromCsv

if TYPE_CHECKING:
    from runfleet.azure.management import Management

log = logging.getLogger(__name__)

_QUIET_SECONDS = 1
_LOCK_SECONDS = 600


@dataclass(frozen=True, slots=True)
class StudySummary:
    """
    A study that an account has seen.

    Parameters
    ----------
    name
        Its name.
    generations
        How many jobs it has had.
    is_active
        Whether one of them has not ended.
    submitted
        When the last one was made.
    """

    name: str
    generations: int
    is_active: bool
    submitted: datetime | None


class Account:
    """
    Where studies run; made by `connect`. As a context it gives back its connections.

    Parameters
    ----------
    name
        Its name.
    home
        Where runfleet keeps its caches, see `runfleet.home`.
    access
        What answers for it.
    """

    def __init__(self, name: str, home: Path, access: Access) -> None:
        self.name = name
        self.home = home
        self._access = access
        self._is_closed = False

    def close(self) -> None:
        """Give back the connections of whatever has been used; studies go on."""
        self._is_closed = True
        for opened in ("batch", "storage"):
            if opened in vars(self):
                vars(self).pop(opened).close()

    def __enter__(self) -> Self:
        self._demand_open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_local(self) -> bool:
        """Whether it is this machine, where nothing costs money."""
        return self.name == LOCAL

    @cached_property
    def batch(self) -> AzureBatch:
        """The Batch account; waits until it answers."""
        self._demand_open()
        return self._access.open_batch()

    @cached_property
    def storage(self) -> Storage:
        """Where the files of its studies are."""
        self._demand_open()
        return self._access.open_storage()

    def _demand_open(self) -> None:
        if self._is_closed:
            raise AccountError(
                f"account `{self.name}` has been closed",
                hint="open it again with `connect`, or close it later",
            )

    @property
    def login(self) -> LoginKind:
        """How one logs in to it."""
        return self._access.login

    def management(self) -> Management | None:
        """The management API of it; None where that is not known."""
        return self._access.open_management()

    def plan_pool(self, study: Study) -> PoolPlan:
        """Tell which pool a study would get; nobody is asked."""
        demand_study(study)
        return self._access.plan_pool(study)

    def search_path(self) -> str | None:
        """Tell where runs look for programs; None where only the nodes know that."""
        return self._access.search_path()

    def check(self, study: Study, *, replace: bool = False) -> None:
        """
        Refuse a study that the account cannot carry out, as `submit` would; nothing is done.

        Raises
        ------
        NameTakenError
            If its name is that of another file's study, whose place it may not take.
        StudyError
            If the pool cannot be had, the account lacks a package or an image, or has a pool of
            that name that is for something else.
        LaunchError
            If the runs may take longer than the account's storage signs URLs for.
        """
        with self._comparing(study, replace=replace) as submitter:
            submitter.check()

    def check_unasked(self, study: Study) -> None:
        """
        Refuse what `check` would, as far as that is known without a login; nothing is started.

        Raises
        ------
        RunfleetError
            As `check` does.
        """
        demand_study(study)
        self.origins.refuse_namesake(study)
        access = self._access
        pool = access.plan_pool(study)
        check_all(study, pool, access.offers(), access.open_management, access.check_url_life)

    def plan(self, study: Study, *, replace: bool = False) -> Plan:
        """
        Tell what submitting a study would do; nothing is done.

        Raises
        ------
        NameTakenError
            If its name is that of another file's study, whose place it may not take.
        """
        with self._comparing(study, replace=replace) as submitter:
            return make_plan(submitter)

    def changes(self, study: Study, *, replace: bool = False) -> tuple[str, ...]:
        """
        Say how an edited study differs from what was submitted before; nothing is done.

        Raises
        ------
        NameTakenError
            If its name is that of another study, whose place it may not take, see `refuse_other`.
        """
        with self._comparing(study, replace=replace) as submitter:
            changes = submitter.changes()
        if not replace:
            self.refuse_other(study, changed=bool(changes))
        return changes

    def submit(
        self, study: Study, *, replace: bool = False, on_step: OnStep = unheard
    ) -> Submission:
        """
        Bring the account to what a study asks for, and come back when all runs are submitted.

        Called again, it goes on where it was interrupted.  Finished runs are kept as long as the
        model and their parameters do not change.

        Parameters
        ----------
        study
            The study.
        replace
            Whether it may take the place of another study of its name.
        on_step
            Is told what is going on.

        Returns
        -------
        submission
            To watch it; its `differences` say what has changed since it was last submitted.

        Raises
        ------
        NameTakenError
            If its name is that of another study, see `refuse_other`.
        RunfleetError
            If anything else is in the way.
        """
        return self._submit(study, on_step, replace=replace)

    def refuse_other(self, study: Study, *, changed: bool) -> None:
        """
        Refuse a study that would take the place of another one.

        Parameters
        ----------
        study
            The study.
        changed
            Whether the account has a study of that name that is not the same.

        Raises
        ------
        NameTakenError
            If its name is that of another file's study. Or, on an account that others share, of
            one that this machine never submitted, or another one than is there now.
        """
        self.origins.refuse_namesake(study)
        if changed and not self.is_local and self._is_strange(study.name):
            raise NameTakenError(
                f"account `{self.name}` has a study `{study.name}` from another machine, and "
                "it is not the same",
                hint="give this one another name, `study: NAME`; or let it take the other's place "
                "with `runfleet run --replace`",
            )

    def claiming(self, study: Study, *, changed: bool, replace: bool) -> Callable[[], str]:
        """
        Give what notes that a study is submitted from its file, and which one of its name it is.

        Parameters
        ----------
        study
            The study.
        changed, replace
            Whether the account has one that is not the same, and whether it may take its place.

        Returns
        -------
        claim
            Notes it, and gives the identity to submit it by; to be called when nothing else is in
            the way, and before anything is done, so that it is known in whatever interrupts that.

        Raises
        ------
        NameTakenError
            If it would take the place of another one, and may not.
        """
        if not replace:
            self.refuse_other(study, changed=changed)

        def claim() -> str:
            there = None if changed and replace else self.identity_of(study.name)
            identity = new_identity() if there is None else there
            self.origins.note(study, identity)
            return identity

        return claim

    @property
    def origins(self) -> Origins:
        """Which files its studies were submitted from."""
        return Origins(self._folder)

    def _is_strange(self, study: str) -> bool:
        noted = self.origins.identity_of(study)
        there = self.identity_of(study)
        # Old notes do not tell which one it was, nor old records which one it is.
        return noted is None or bool(noted and there and noted != there)

    def identity_of(self, study: str) -> str | None:
        """
        Tell a study of a name from others that had its name before, or will have it.

        Returns
        -------
        identity
            Kept when the study is edited; empty if nobody noted it, None if there is no such study.
        """
        record = self.records(study).read()
        return record.identity if record else None

    def study(self, study: str | Study) -> Submission:
        """
        Come back to a study that has been submitted.

        Parameters
        ----------
        study
            Its name, or the study itself: to make its table, to collect results or to retry runs,
            the parameters of the runs are needed.

        Raises
        ------
        StudyNotFoundError
            If the account has never seen it.
        NameTakenError
            If what is given is the study of another file than the one that was submitted.
        OtherAccountError
            If it is one of another Batch account, whose storage account is the same.
        RecordDamagedError
            If what the account remembers of it cannot be read.
        """
        name, loaded = self._name_and_study(study)
        record = self.records(name).read()
        if record is None or record.study != name:
            raise self._not_found(name, loaded)
        return self._submission(Submitted(record), loaded)

    def records(self, study: str) -> RecordStore:
        """Give what reads and writes the records of a study, and refuses another account's."""
        return RecordStore(self.storage, study, self.batch.account)

    def studies(self) -> list[StudySummary]:
        """List the studies that the account has seen, by name."""
        jobs: dict[str, list[tuple[bool, datetime | None]]] = {}
        for job in self.batch.list_jobs():
            if (name := study_of(job.metadata)) and job.state != "deleting":
                jobs.setdefault(name, []).append((job.state == "active", job.created))
        return [
            StudySummary(
                name,
                len(found),
                any(active for active, _ in found),
                max((made for _, made in found if made), default=None),
            )
            for name, found in sorted(jobs.items())
        ]

    def belongings(self, study: str | Study) -> Belongings:
        """
        Find out what a study has on the account: its jobs and its container.

        Parameters
        ----------
        study
            Its name, or the study itself.

        Raises
        ------
        StudyNotFoundError
            If it has nothing there.
        NameTakenError
            If its name is that of another file's study.
        OtherAccountError
            If its container is one of another Batch account, whose storage account is the same.
        """
        name, loaded = self._name_and_study(study)
        belongings = self._belongings(name)
        if not belongings:
            raise self._not_found(name, loaded)
        return belongings

    def delete(self, belongings: Belongings) -> None:
        """
        Delete what a study has on the account; what was collected of it stays where it is.

        Runs that have not ended are ended.

        Raises
        ------
        LaunchError
            If anything else is given, such as the study or its name; or if the study has been
            submitted again since, so that it has more by now.
        """
        demand_belongings(belongings)
        with self.locked(belongings.study):
            there = self._belongings(belongings.study)
            refuse_more(belongings, there)
            delete_belongings(self.batch, self.storage, there)
            self.origins.forget(belongings.study)

    def _belongings(self, name: str) -> Belongings:
        record = None
        with suppress(RecordDamagedError):  # it is deleted just because of that
            record = self.records(name).read()
        return find_belongings(self.batch, self.storage, name, record)

    def _name_and_study(self, given: str | Study) -> tuple[str, Study | None]:
        """Tell what a study is called that is given by its name, or itself if that is its own."""
        if isinstance(given, str):
            return given, None
        demand_study(given)
        self.origins.refuse_namesake(given)
        return given.name, given

    def _not_found(self, name: str, study: Study | None) -> StudyNotFoundError:
        known = [summary.name for summary in self.studies()]
        return StudyNotFoundError(name, self.name, known, study.file if study else None)

    def _submission(self, submitted: Submitted, study: Study | None) -> Submission:
        is_free = partial(self._is_free, submitted.record.study)
        return Submission(
            self.name, self.batch, self.storage, submitted, study, self._submit, is_free
        )

    def _submit(
        self,
        study: Study,
        on_step: OnStep,
        repeat: Repeat = Repeat.NONE,
        instead_of: Definition | None = None,
        *,
        replace: bool = False,
    ) -> Submission:
        demand_study(study)
        if study.pest:
            raise LaunchError(
                f"study `{study.name}` is a calibration, which has no runs of its own to submit",
                hint="use `runfleet.calibrate.Calibration.of(account, study)`, or `runfleet run`",
            )
        with self.locked(study.name), self._submitter(study, on_step) as submitter:
            with hopeful():
                # To whom a local one belongs is told by its file alone.
                changed = (replace or not self.is_local) and bool(submitter.changes())
                claim = self.claiming(study, changed=changed, replace=replace)
                submitted = submitter.submit(claim, repeat, instead_of)
            return self._submission(submitted, study)

    @contextmanager
    def _comparing(self, study: Study, *, replace: bool) -> Iterator[Submitter]:
        """Give what compares a study with what was submitted of it, and not of another file's."""
        demand_study(study)
        if not replace:
            self.origins.refuse_namesake(study)
        with self._submitter(study, unheard) as submitter:
            yield submitter

    @contextmanager
    def _submitter(self, study: Study, on_step: OnStep) -> Iterator[Submitter]:
        pool = self.plan_pool(study)
        with self.snapshot() as files, _with_own_table(study, files) as own:
            yield Submitter(self.target(own, pool, files, on_step))

    def target(self, study: Study, pool: PoolPlan, files: Snapshot, on_step: OnStep) -> Target:
        """Give what a study is submitted with, see `Target`."""
        return Target(study, self.batch, self.storage, self.management, pool, files, on_step)

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Look at files; a file that has not changed since the last time is not read again."""
        with hash_cache(self._folder.hashes) as hashes:
            yield Snapshot(hashes)

    @contextmanager
    def locked(self, study: str) -> Iterator[None]:
        """Keep two clients from submitting one study at the same time."""
        self._folder.path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._folder.lock(study))
        _take(lock, study)
        try:
            yield
        finally:
            lock.release()

    def _is_free(self, study: str) -> bool:
        """Tell whether nobody is submitting a study; of other machines nothing is known."""
        if not self.is_local:
            return False
        try:
            with FileLock(self._folder.lock(study), timeout=0):
                return True
        except Timeout:
            return False

    @property
    def _folder(self) -> StudiesFolder:
        return Folders(self.home).studies(self.name)


def _take(lock: FileLock, study: str) -> None:
    """Take the lock of a study, and say so where somebody else has it for more than a moment."""
    try:
        lock.acquire(timeout=_QUIET_SECONDS)
        return
    except Timeout:
        log.warning("study `%s` is being submitted by another process", study)
    try:
        lock.acquire(timeout=_LOCK_SECONDS)
    except Timeout as error:
        raise AccountError(
            f"study `{study}` is being submitted by another process, for over "
            f"{_LOCK_SECONDS // 60} minutes",
            hint="end that process, or wait for it, and try again",
        ) from error


@contextmanager
def _with_own_table(study: Study, files: Snapshot) -> Iterator[Study]:
    """Have the table of a design read from a copy: it is read more than once, and may be edited."""
    if not isinstance(study.design, FromCsv):
        yield study
        return
    with TemporaryDirectory(prefix="runfleet-") as folder:
        copy = files.copied(study.design.table.file, Path(folder))
        yield replace(study, design=study.design.read_from(copy))
