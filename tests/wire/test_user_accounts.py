"""User accounts that nodes could not have are refused, and secrets are not shown again."""

import pytest

from runfleet.batch.states import OsType
from runfleet.wire.errors import WireError
from runfleet.wire.user_accounts import as_shown, check_user_accounts

USER = {"name": "u", "password": "secret"}


@pytest.mark.parametrize(
    ("accounts", "os_type", "blamed"),
    [
        ([{**USER, "name": ""}], OsType.LINUX, "name"),
        ([{**USER, "name": "a" * 21}], OsType.LINUX, "name"),
        ([USER, {**USER, "name": "U"}], OsType.LINUX, "name"),
        ([{**USER, "windowsUserConfiguration": {}}], OsType.LINUX, "windowsUserConfiguration"),
        ([{**USER, "linuxUserConfiguration": {}}], OsType.WINDOWS, "linuxUserConfiguration"),
        ([{**USER, "linuxUserConfiguration": {"uid": 0}}], OsType.LINUX, "linuxUserConfiguration"),
        ([{**USER, "linuxUserConfiguration": {"gid": 1}}], OsType.LINUX, "linuxUserConfiguration"),
    ],
)
def test_an_account_that_cannot_be(accounts, os_type, blamed):
    with pytest.raises(WireError) as error:
        check_user_accounts(accounts, os_type)
    assert error.value.details["PropertyName"] == blamed


@pytest.mark.parametrize("linux", [{}, {"sshPrivateKey": "k"}, {"uid": 1, "gid": 2}])
def test_a_linux_account_has_both_numbers_or_none(linux):
    check_user_accounts([{**USER, "linuxUserConfiguration": linux}], OsType.LINUX)


def test_secrets_are_not_shown():
    linux = {"uid": 1, "gid": 1, "sshPrivateKey": "secret"}
    account = {**USER, "linuxUserConfiguration": linux}
    check_user_accounts([account], OsType.LINUX)
    assert as_shown(account) == {
        "name": "u",
        "elevationLevel": "nonadmin",
        "linuxUserConfiguration": {"uid": 1, "gid": 1},
    }
    assert linux["sshPrivateKey"] == "secret"
