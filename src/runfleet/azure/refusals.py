"""What the service refuses, in words: what is wrong, and how to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from runfleet.reasons import redacted

UNKNOWN_SIGNATURE = "AuthenticationFailed"

_GOING = "wait until it is gone, or take another id"

_HINTS = {
    UNKNOWN_SIGNATURE: "check the account's name and key, and this machine's clock",
    "InvalidAuthenticationInfo": "check the account's name and key",
    "InsufficientAccountPermissions": "ask for the role `Batch Contributor` on the account",
    "AccountIsDisabled": "ask the owner of the Azure subscription to enable the account",
    "PoolQuotaReached": "delete a pool, or ask Azure for a larger quota of pools",
    "ActiveJobAndScheduleQuotaReached": "end jobs that are done, or ask Azure for a larger quota",
    "PoolBeingDeleted": _GOING,
    "PoolBeingResized": "wait until it is done, as `runfleet pool show POOL` shows",
    "JobBeingDeleted": _GOING,
    "TaskIdSameAsJobPreparationTask": "take another id",
    "TaskIdSameAsJobReleaseTask": "take another id",
    "AutoScalingFormulaSyntaxError": "`runfleet pool autoscale check FORMULA` shows the place",
}

_JOB_ENDS = {"JobCompleted": "has ended", "JobBeingTerminated": "is ending"}

_COLLECTIONS = {"pools": "pool", "nodes": "node", "jobs": "job", "tasks": "task"}
_LISTS = {
    "pool": "`runfleet pool list` lists the pools",
    "node": "`runfleet pool show {pool}` lists its nodes",
    "job": "`runfleet job list` lists the jobs",
    "task": "`runfleet task list {job}` lists its tasks",
}
_OWNERS = {"node": "pool", "task": "job"}

# The members of bodies that users have a say in: what we call them, and what they may be.
_MEMBERS = {
    "id": ("an id", "use 1 to 64 letters, digits, `-` and `_`"),
    "vmsize": ("a size of machine", "`runfleet sizes` lists sizes"),
    "imagereference": ("an image", "`runfleet images` lists images"),
    "nodeagentskuid": ("an image", "`runfleet images` lists images"),
    "taskslotspernode": (
        "the number of a node's task slots",
        "ask for fewer, or for larger machines: four a core, and 256 at most",
    ),
    "requiredslots": (
        "the number of task slots",
        "ask for fewer, or take a pool whose nodes have more",
    ),
    "maxtaskretrycount": ("the number of retries", "give -1 for no limit, or a number from 0"),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """
    Why the service refuses something.

    Parameters
    ----------
    code
        Its own word for that; empty if it gave none.
    what
        What is wrong, without a full stop.
    is_plain
        Whether that says everything, so that the request need not be named.
    hint
        How to mend it.
    """

    code: str
    what: str
    is_plain: bool = False
    hint: str | None = None


def refusal_of(error: Mapping[str, Any], path: str) -> Refusal:
    """
    Say in our words what an error of the service means.

    Parameters
    ----------
    error
        As it stands in the body of an answer, or beside a task in one.
    path
        Of the request: `/jobs/net1/tasks/run-1`.
    """
    code, ids = str(error.get("code", "")), _ids_of(path)
    kind = code.removesuffix("NotFound").lower()
    if code.endswith("NotFound") and kind in ids:
        return not_found(kind, ids)
    details = _details(error)
    refusal = _of_member(code, details) or _of_package(code, details) or _of_job(code, ids)
    return refusal or Refusal(code, message_text(error), hint=_HINTS.get(code))


def not_found(kind: str, ids: Mapping[str, str]) -> Refusal:
    """
    Say that there is no such thing, and where those are listed that there are.

    Parameters
    ----------
    kind
        `pool`, `node`, `job` or `task`.
    ids
        Its id, and that of the pool or the job which it should belong to, by kind.
    """
    owner = _OWNERS.get(kind)
    where = f" in {owner} `{ids[owner]}`" if owner else ""
    what = f"there is no {kind} `{ids[kind]}`{where}"
    hint = _LISTS[kind].format_map(ids)
    return Refusal(f"{kind.title()}NotFound", what, is_plain=True, hint=hint)


def message_text(error: Mapping[str, Any]) -> str:
    """Take the sentence of an error and its details, without request id and time."""
    message = error.get("message") or {}
    value = message.get("value", "") if isinstance(message, dict) else str(message)
    details = [f"({key}: {value})" for key, value in _details(error).items()]
    return " ".join([value.partition("\nRequestId:")[0], *details])


def default_version_hint(application_id: str) -> str:
    """Say what to do where no version of a package is named, and none is the default."""
    return (
        f"name a version that `runfleet package list` lists, as in `{application_id}==VERSION`, or "
        f"make one the default: `runfleet package add {application_id} VERSION FOLDER_OR_ZIP "
        "--replace --default`"
    )


def item_refusal(error: Mapping[str, Any] | None, job_id: str) -> Refusal:
    """Say in one line what the service said of one task of many."""
    members = error or {}
    refusal = refusal_of(members, f"/jobs/{job_id}")
    if refusal.is_plain:
        return refusal
    text = f"{refusal.code or 'no reason is given'}: {refusal.what}".removesuffix(": ")
    return Refusal(refusal.code, redacted(text), hint=refusal.hint)


def _of_member(code: str, details: Mapping[str, str]) -> Refusal | None:
    """Explain a value that a member of the body cannot have."""
    name, value, reason = (details.get(key) for key in ("PropertyName", "PropertyValue", "Reason"))
    member = _MEMBERS.get((name or "").rpartition(".")[2].lower())
    if member is None or value is None:
        return None
    what = redacted(f"`{value}` cannot be {member[0]}" + (f": {reason}" if reason else ""))
    return Refusal(code, what, is_plain=True, hint=member[1])


def _of_package(code: str, details: Mapping[str, str]) -> Refusal | None:
    if code != "InvalidApplicationPackageReferences" or "ApplicationId" not in details:
        return None
    package, version = details["ApplicationId"], details.get("Version")
    if version is None:
        what = f"there is no application package `{package}`, or no default version of it"
        return Refusal(code, what, is_plain=True, hint=default_version_hint(package))
    what = f"there is no application package `{package}=={version}`"
    hint = "`runfleet package list` lists those there are, `runfleet package add` adds one"
    return Refusal(code, what, is_plain=True, hint=hint)


def _of_job(code: str, ids: Mapping[str, str]) -> Refusal | None:
    if code not in _JOB_ENDS or "job" not in ids:
        return None
    hint = "take another job; such a one takes no more tasks"
    return Refusal(code, f"job `{ids['job']}` {_JOB_ENDS[code]}", is_plain=True, hint=hint)


def _details(error: Mapping[str, Any]) -> dict[str, str]:
    return {str(item.get("key")): str(item.get("value")) for item in error.get("values") or ()}


def _ids_of(path: str) -> dict[str, str]:
    """Read which pool, node, job and task a request was about."""
    parts = path.strip("/").split("/")
    pairs = zip(parts[::2], parts[1::2], strict=False)
    return {_COLLECTIONS[name]: unquote(id_) for name, id_ in pairs if name in _COLLECTIONS}
