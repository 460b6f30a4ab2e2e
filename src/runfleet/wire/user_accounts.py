"""The user accounts of a pool's nodes, which are remembered without their secrets."""

from __future__ import annotations

from collections.abc import Sequence

from runfleet.batch.states import OsType
from runfleet.wire import models
from runfleet.wire.bodies import JsonObject
from runfleet.wire.errors import invalid_property

MAX_NAME = 20

_OF_THE_OTHER_SYSTEM = {
    OsType.LINUX: "windowsUserConfiguration",
    OsType.WINDOWS: "linuxUserConfiguration",
}


def check_user_accounts(accounts: Sequence[models.UserAccount], os_type: OsType) -> None:
    """Refuse accounts that nodes of an operating system could not have."""
    names = [account["name"].lower() for account in accounts]
    for account in accounts:
        name = account["name"]
        check_user_name(name)
        if names.count(name.lower()) > 1:
            raise invalid_property("name", name, "is that of another user account, too")
        if _OF_THE_OTHER_SYSTEM[os_type] in account:
            reason = f"does not go with nodes of {os_type}"
            raise invalid_property(_OF_THE_OTHER_SYSTEM[os_type], "", reason)
        _check_linux(account.get("linuxUserConfiguration", {}))


def _check_linux(configuration: models.LinuxUserConfiguration) -> None:
    # "The uid and gid properties must be specified together or not at all" (azure-batch).
    given = [name for name in ("uid", "gid") if name in configuration]
    if len(given) == 1:
        reason = f"has {given[0]} alone: uid and gid must be specified together or not at all"
        raise invalid_property("linuxUserConfiguration", "", reason)


def check_user_name(name: str) -> None:
    """Refuse the name of a user account, of a pool or of a node, that is empty or too long."""
    if not 1 <= len(name) <= MAX_NAME:
        raise invalid_property("name", name, f"must have 1 to {MAX_NAME} characters")


def as_shown(account: JsonObject) -> JsonObject:
    """An account with its default, and without its secrets: nobody reads those again."""
    shown = {name: value for name, value in account.items() if name != "password"}
    shown.setdefault("elevationLevel", "nonadmin")
    if "linuxUserConfiguration" in shown:
        linux = dict(shown["linuxUserConfiguration"])
        linux.pop("sshPrivateKey", None)
        shown["linuxUserConfiguration"] = linux
    return shown
