"""What a study is submitted with: the account's services, the pool there, the files here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from runfleet.azure import AzureBatch
from runfleet.launch.checks import check_all
from runfleet.launch.hashes import Snapshot
from runfleet.launch.packages import DefaultVersions
from runfleet.launch.pool import PoolPlan
from runfleet.launch.provision import provide_pool
from runfleet.launch.record import RecordStore
from runfleet.launch.staging import Staging
from runfleet.launch.steps import OnStep, Step, StepName
from runfleet.launch.url_life import signer, url_life
from runfleet.storage import Storage
from runfleet.study import Study


@dataclass(frozen=True)
class Target:
    """
    Where a study goes, and what of.

    Parameters
    ----------
    study
        The study.
    batch, storage, open_management
        The account's.
    pool
        Where its tasks shall run.
    files
        What the study's files hold.
    on_step
        Is told what is going on.
    """

    study: Study
    batch: AzureBatch
    storage: Storage
    open_management: Callable[[], DefaultVersions | None]
    pool: PoolPlan
    files: Snapshot
    on_step: OnStep

    @cached_property
    def records(self) -> RecordStore:
        """What the account remembers of the study."""
        return RecordStore(self.storage, self.study.name, self.batch.account)

    def check(self) -> None:
        """
        Refuse a study that the account cannot carry out; nothing is done.

        Raises
        ------
        StudyError, LaunchError
            About the first thing that is in the way, see `check_all`.
        """
        sign = signer(self.storage, self.study.name)
        check_all(self.study, self.pool, self.batch, self.open_management, sign)

    def staging(self, study: Study) -> Staging:
        """Make what puts files where nodes fetch them: those of the study, or more."""
        life = url_life(self.study, self.pool)
        return Staging(study, self.storage, self.files, life, self.pool.operating_system)

    def provide_pool(self, waiting: int) -> None:
        """See that the pool is there, and has the nodes that so many tasks need."""
        self.on_step(Step(StepName.PROVIDING_POOL))
        provide_pool(self.batch, self.pool, waiting)
