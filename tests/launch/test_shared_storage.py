"""Two Batch accounts, here two emulators, whose studies are in one storage account."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runfleet.launch import Account, OtherAccountError, connect
from runfleet.launch.names import RECORD_BLOB
from runfleet.storage.auto_storage import link_auto_storage
from runfleet.study import Study

STUDY = "model: {command: 'true'}\nparameters: {X: {values: [1, 2]}}\n"


@pytest.fixture
def account(home: Path, azurite) -> Iterator[Account]:
    link_auto_storage(home, azurite.connection_string)
    with connect(home=home) as account:
        yield account


@pytest.fixture
def other(tmp_path: Path, azurite, start_emulator) -> Iterator[Account]:
    """The account of somebody else."""
    home = tmp_path / "other home"
    link_auto_storage(home, azurite.connection_string)
    start_emulator(home)
    with connect(home=home) as account:
        yield account


@pytest.fixture
def study(account: Account, write_study: Callable[..., Study]) -> Study:
    """A study that has been run."""
    study = write_study(STUDY)
    list(account.submit(study).watch())
    return study


WAYS: dict[str, Callable[[Account, Study], object]] = {
    "submit": lambda account, study: account.submit(study),
    "study": lambda account, study: account.study(study.name),
    "plan": lambda account, study: account.plan(study),
    "changes": lambda account, study: account.changes(study),
    "belongings": lambda account, study: account.belongings(study.name),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_study_of_another_account_is_refused(
    account: Account, other: Account, study: Study, way: str
) -> None:
    with pytest.raises(OtherAccountError) as refused:
        WAYS[way](other, study)
    assert refused.value.batch_account == account.batch.account
    assert refused.value.message == (
        f"the study `{study.name}` in storage account {account.storage.place} is one of another "
        f"Batch account, `{account.batch.account}`"
    )
    assert refused.value.hint == (
        "give this one another name, `study: NAME`, or one of the two Batch accounts another "
        "storage account"
    )
    assert account.study(study).counts().succeeded == 2
    assert account.submit(study).is_unchanged


def test_what_was_to_be_deleted_may_be_anothers_by_now(
    account: Account, other: Account, write_study: Callable[..., Study]
) -> None:
    study = write_study(STUDY)
    list(other.submit(study).watch())
    belongings = other.belongings(study.name)
    other.delete(belongings)
    list(account.submit(study).watch())
    with pytest.raises(OtherAccountError):
        other.delete(belongings)
    assert account.study(study).counts().succeeded == 2


def test_who_comes_to_a_deleted_study_may_have_its_name(
    account: Account, other: Account, study: Study
) -> None:
    account.delete(account.belongings(study.name))
    list(other.submit(study).watch())
    assert other.study(study).counts().succeeded == 2


def test_an_emulator_is_known_after_it_has_moved(
    account: Account, study: Study, home: Path, stop: Callable[[], None]
) -> None:
    """To another folder and another port."""
    stop()
    (home / "emulator/last-url").unlink()
    place = home.with_name("elsewhere")
    home.rename(place)
    home.symlink_to(place)  # for whoever ends it
    with connect(home=place) as moved:
        assert moved.batch.account == account.batch.account
        assert moved.submit(study).is_unchanged


def test_a_record_that_does_not_say_whose_it_is_is_taken(
    account: Account, other: Account, study: Study
) -> None:
    """As none did once."""
    container = account.records(study.name).container
    record = json.loads(account.storage.get_bytes(container, RECORD_BLOB))
    del record["batch_account"]
    account.storage.put_bytes(container, RECORD_BLOB, json.dumps(record).encode())
    assert other.study(study).counts().total == 2


def test_the_folder_of_a_home_is_its_own(write_study, home: Path, stop) -> None:
    """Its studies stay when the emulator has lost all else."""
    study = write_study(STUDY)
    with connect(home=home) as account:
        list(account.submit(study).watch())
    stop()
    (home / "emulator").rename(home / "lost")
    with connect(home=home) as account:
        assert list(account.submit(study).watch())[-1].counts.succeeded == 2
