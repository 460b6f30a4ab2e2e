"""
What the storage knows of a study: its definition, its generations, and which tasks still count.

A *generation* is one Batch job of a study.  The first holds all its runs; a later one holds those
that an edit added or changed, or that are to be repeated.  A run counts in one generation only;
the tasks that are superseded in the others are *outdated*.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from io import BytesIO
from typing import Any, Self

import orjson

from runfleet.launch import names
from runfleet.launch.definition import Definition, Outputs
from runfleet.launch.errors import OtherAccountError, RecordDamagedError, SubmittedElsewhereError
from runfleet.storage import BlobNotFoundError, ContainerNotFoundError, Storage


@dataclass(frozen=True, slots=True)
class TaskTally:
    """
    Numbers of tasks by state, as Batch counts them.

    Parameters
    ----------
    active, running
        Waiting, and with a node.
    succeeded, failed
        Of those that have ended.
    """

    active: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0

    def __add__(self, other: TaskTally) -> TaskTally:
        return TaskTally(
            self.active + other.active,
            self.running + other.running,
            self.succeeded + other.succeeded,
            self.failed + other.failed,
        )

    def __sub__(self, other: TaskTally) -> TaskTally:
        return TaskTally(
            max(0, self.active - other.active),
            max(0, self.running - other.running),
            max(0, self.succeeded - other.succeeded),
            max(0, self.failed - other.failed),
        )

    @property
    def total(self) -> int:
        """All of them."""
        return self.active + self.running + self.succeeded + self.failed


@dataclass(frozen=True, slots=True)
class Generation:
    """
    One Batch job of a study.

    Parameters
    ----------
    number
        Counted from 1.
    job_id
        The job.
    run_count
        How many tasks the job has, or shall have.
    adding
        Whether its tasks are still being added: called again, the launch goes on with it.
    outdated
        How many of its tasks no longer count, by state; as if they waited until they are settled.
    outdated_digest
        Names the blob that lists them, if there are any.
    settled
        Whether the tasks that no longer count have ended, and have been counted for good.
    cancelled
        Whether somebody has cancelled it while its tasks were being added: no more of them are.
    """

    number: int
    job_id: str
    run_count: int
    adding: bool = True
    outdated: TaskTally = field(default_factory=TaskTally)
    outdated_digest: str = ""
    settled: bool = True
    cancelled: bool = False

    @property
    def current_count(self) -> int:
        """How many of its tasks count."""
        return self.run_count - self.outdated.total

    def with_tally(self, outdated: TaskTally) -> Generation:
        """Note how many of its tasks no longer count, now that they have ended."""
        run_count = self.current_count + outdated.total
        return replace(self, run_count=run_count, outdated=outdated, settled=True)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        """Read one from plain data."""
        return cls(**{**fields, "outdated": TaskTally(**fields["outdated"])})


@dataclass(frozen=True, slots=True)
class StudyRecord:
    """
    What the account remembers of a study.

    Parameters
    ----------
    study
        Its name.
    run_count
        How many runs it has now.
    definition
        What was asked for when it was last submitted.
    generations
        Its jobs, the oldest first.
    source
        The study file.
    earlier_outputs
        The outputs that were asked for before, with which tasks may have been made.
    batch_account
        Whose it is, see `AzureBatch`; empty where nobody else can have it, or nobody noted it.
    identity
        Tells it from others of its name, also on the same account; empty of old records.
    """

    study: str
    run_count: int
    definition: Definition
    generations: tuple[Generation, ...] = ()
    source: str = ""
    earlier_outputs: tuple[Outputs, ...] = ()
    batch_account: str = ""
    identity: str = ""

    @property
    def outputs_asked_for(self) -> tuple[Outputs, ...]:
        """The outputs that were ever asked for, what was last asked for first."""
        newest = self.definition.model["outputs"]
        return (newest, *(outputs for outputs in self.earlier_outputs if outputs != newest))

    @property
    def container(self) -> str:
        """Where its files are."""
        return names.container_name(self.study)

    @property
    def is_calibration(self) -> bool:
        """Whether a program of the PEST family decides which model runs there are."""
        return "control" in self.definition.model

    @property
    def current(self) -> list[Generation]:
        """The generations that have a run that counts."""
        return [generation for generation in self.generations if generation.current_count > 0]

    @property
    def newest(self) -> Generation:
        """The generation that was made last; that of a calibration is the only one."""
        return self.generations[-1]

    @property
    def is_adding(self) -> bool:
        """Whether the last submission was interrupted."""
        return any(generation.adding for generation in self.generations)

    def added(self) -> StudyRecord:
        """Note that all tasks are there, unless they were cancelled before."""
        generations = tuple(replace(one, adding=one.cancelled) for one in self.generations)
        return replace(self, generations=generations)

    def cancelled(self) -> StudyRecord:
        """Note that no more tasks are to be added, if there are such."""
        generations = tuple(replace(one, cancelled=one.adding) for one in self.generations)
        return replace(self, generations=generations)

    def unsettled(self, job_id: str) -> StudyRecord:
        """Have the tasks of a job that no longer count be counted again."""
        generations = tuple(
            replace(one, settled=one.settled and one.job_id != job_id) for one in self.generations
        )
        return replace(self, generations=generations)

    def to_json(self) -> bytes:
        """Write the record."""
        fields = {
            "study": self.study,
            "run_count": self.run_count,
            "definition": vars(self.definition),
            "generations": [asdict(generation) for generation in self.generations],
            "source": self.source,
            "earlier_outputs": self.earlier_outputs,
            "batch_account": self.batch_account,
            "identity": self.identity,
        }
        return orjson.dumps(fields, option=orjson.OPT_INDENT_2)

    @classmethod
    def from_json(cls, content: bytes) -> Self:
        """Read a record."""
        fields = orjson.loads(content)
        fields["definition"] = Definition(**fields["definition"])
        fields["generations"] = tuple(map(Generation.from_json, fields["generations"]))
        fields["earlier_outputs"] = tuple(fields.get("earlier_outputs", ()))
        return cls(**fields)


def new_identity() -> str:
    """Make an identity that no other study has."""
    return secrets.token_hex(8)


class RecordStore:
    """
    Reads and writes the records of one study.

    Parameters
    ----------
    storage
        The account's.
    study
        The study's name.
    batch_account
        Whose studies these are, see `AzureBatch`: containers are named after studies alone.
    """

    def __init__(self, storage: Storage, study: str, batch_account: str) -> None:
        self.storage = storage
        self.study = study
        self.batch_account = batch_account
        self.container = names.container_name(study)
        self._known: bytes | None = None

    def read(self) -> StudyRecord | None:
        """
        Read the record; None if the account has never seen the study.

        Raises
        ------
        OtherAccountError
            If it is one of another Batch account, whose storage account is the same.
        RecordDamagedError
            If it is no record.
        """
        try:
            self._known = self.storage.get_bytes(self.container, names.RECORD_BLOB)
        except (BlobNotFoundError, ContainerNotFoundError):
            self._known = None
            return None
        record = self._parsed(self._known)
        owner = record.batch_account
        if owner and self.batch_account and owner != self.batch_account:
            raise OtherAccountError(record.study, owner, self.storage.place)
        return record

    def _parsed(self, content: bytes) -> StudyRecord:
        try:
            return StudyRecord.from_json(content)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            place = self.storage.place
            raise RecordDamagedError(
                self.study, names.RECORD_BLOB, self.container, place
            ) from error

    def write(self, record: StudyRecord) -> None:
        """
        Replace the record that was read: from now on this one holds.

        Raises
        ------
        SubmittedElsewhereError
            If somebody has replaced it meanwhile.
        """
        if not self._replace(record):
            raise SubmittedElsewhereError(record.study)

    def update(
        self, generation: Generation, change: Callable[[StudyRecord], StudyRecord]
    ) -> StudyRecord | None:
        """
        Change the record, whoever else does, too; nothing is done where another generation is new.

        Parameters
        ----------
        generation
            The newest one that whoever changes it knows of.
        change
            Makes a record of what is there; called again where somebody else was faster.

        Returns
        -------
        record
            What is there now, be it changed or not; None where the study was deleted.
        """
        record = self.read()
        while record and record.newest.job_id == generation.job_id:
            changed = change(record)
            if changed == record or self._replace(changed):
                return changed
            record = self.read()
        return record

    def _replace(self, record: StudyRecord) -> bool:
        content = replace(record, batch_account=self.batch_account).to_json()
        written = self.storage.replace_bytes(
            self.container, names.RECORD_BLOB, content, instead_of=self._known
        )
        if written:
            self._known = content
        return written

    def read_manifest(self, generation: Generation) -> Iterator[tuple[str, bytes]]:
        """List the runs of a generation, each with its fingerprint."""
        content = self.storage.get_bytes(self.container, names.manifest_blob(generation.job_id))
        for line in BytesIO(content):
            name, _, fingerprint = line.decode().rstrip("\n").partition(" ")
            yield name, bytes.fromhex(fingerprint)

    def write_manifest(self, job_id: str, runs: Iterable[tuple[str, bytes]]) -> bool:
        """
        Note the runs of a generation before any is added.

        Returns
        -------
        written
            Whether nobody has done so before, who had the number.
        """
        content = BytesIO()
        content.writelines(f"{name} {mark.hex()}\n".encode() for name, mark in runs)
        blob = names.manifest_blob(job_id)
        return self.storage.replace_bytes(self.container, blob, content.getvalue(), instead_of=None)

    def read_outdated(self, generation: Generation) -> frozenset[str]:
        """List the tasks of a generation that no longer count."""
        if not generation.outdated_digest:
            return frozenset()
        blob = names.outdated_blob(generation.job_id, generation.outdated_digest)
        return frozenset(self.storage.get_bytes(self.container, blob).decode().splitlines())

    def write_outdated(self, job_id: str, outdated: Iterable[str]) -> str:
        """Note the tasks of a generation that no longer count; returns the list's digest."""
        content = "\n".join(sorted(outdated)).encode()
        if not content:
            return ""
        digest = hashlib.sha256(content).hexdigest()
        self.storage.put_bytes(self.container, names.outdated_blob(job_id, digest), content)
        return digest
