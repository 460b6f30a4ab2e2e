"""What tells a study from another one that has its name on an account."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from runfleet.launch import Account
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


def test_who_submits_it_may_say_which_one_it_is(
    account: Account, write_study: Callable[..., Study], study: Study
) -> None:
    account.submit(write_study(STUDY.format(values=[2])), identity="a1")
    assert account.identity_of(study.name) == "a1"


def test_an_old_one_that_nobody_told_from_others_stays_so(
    account: Account, write_study: Callable[..., Study], study: Study
) -> None:
    container = account.records(study.name).container
    record = json.loads(account.storage.get_bytes(container, RECORD_BLOB))
    del record["identity"]
    account.storage.put_bytes(container, RECORD_BLOB, json.dumps(record).encode())
    account.submit(write_study(STUDY.format(values=[1, 2])))
    assert account.identity_of(study.name) == ""
