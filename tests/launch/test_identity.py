"""What tells a study from another one that has its name on an account."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from runfleet.launch import Account, NameTakenError
from runfleet.launch.names import RECORD_BLOB
from runfleet.study import Study

STUDY = "model: {{command: 'true'}}\nparameters: {{X: {{values: {values}}}}}\n"


@pytest.fixture
def study(account: Account, write_study: Callable[..., Study]) -> Study:
    """A study that has been run."""
    study = write_study(STUDY.format(values=[1]))
    list(account.submit(study).watch())
    return study


def test_an_edited_study_is_the_same_one(
    account: Account, write_study: Callable[..., Study], study: Study
) -> None:
    identity = account.identity_of(study.name)
    assert identity
    edited = write_study(STUDY.format(values=[1, 2]))
    list(account.submit(edited).watch())
    account.study(edited).cancel()
    account.study(edited).retry()
    assert account.identity_of(study.name) == identity


def test_one_that_is_submitted_after_a_deletion_is_another(account: Account, study: Study) -> None:
    identity = account.identity_of(study.name)
    account.delete(account.belongings(study.name))
    assert account.identity_of(study.name) is None
    account.submit(study)
    assert account.identity_of(study.name) not in ("", None, identity)


def test_one_that_takes_the_place_of_another_is_another(
    account: Account, write_study: Callable[..., Study], study: Study
) -> None:
    identity = account.identity_of(study.name)
    account.submit(write_study(STUDY.format(values=[2])), replace=True)
    assert account.identity_of(study.name) not in ("", None, identity)


def test_a_study_of_another_file_is_refused_unless_it_is_to_be_replaced(
    account: Account, study: Study, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(study.folder, copy)
    namesake = Study.load(copy / study.file.name)
    for do in (account.submit, account.study, account.plan, account.changes, account.check):
        with pytest.raises(NameTakenError) as refused:
            do(namesake)
        assert refused.value.message == (
            f"the name `{study.name}` belongs to the study of `{study.file}`"
        )
    assert account.plan(namesake, replace=True).to_run == ()
    assert account.changes(namesake, replace=True) == ()
    account.check(namesake, replace=True)
    account.submit(namesake, replace=True)
    with pytest.raises(NameTakenError):
        account.submit(study)


def test_the_name_of_a_deleted_study_is_free(
    account: Account, study: Study, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(study.folder, copy)
    account.delete(account.belongings(study.name))
    assert not account.submit(Study.load(copy / study.file.name)).is_unchanged


def test_an_old_one_that_nobody_told_from_others_stays_so(
    account: Account, write_study: Callable[..., Study], study: Study
) -> None:
    container = account.records(study.name).container
    record = json.loads(account.storage.get_bytes(container, RECORD_BLOB))
    del record["identity"]
    account.storage.put_bytes(container, RECORD_BLOB, json.dumps(record).encode())
    account.submit(write_study(STUDY.format(values=[1, 2])))
    assert account.identity_of(study.name) == ""
