"""
What this Batch service leaves out of the real one, and why.

What is not named here is whole. `docs/operations.md` is made from these tables, and the answers
that refuse take their words from them; whoever builds something takes it out of here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """
    Something that is answered with 501 `NotImplemented`.

    Parameters
    ----------
    meaning
        It, in plain words and in the plural.
    why
        Why it stays so, as a clause; empty for what is only not built yet.
    instead
        What to do instead, as an order.
    """

    meaning: str
    why: str = ""
    instead: str = ""

    def reason(self, name: str) -> str:
        """What a client is told who used the member or operation of that name."""
        text = f"{self.meaning} (`{name}`) are not supported"
        if not self.why:
            return f"{text} yet"
        return f"{text}: {self.why}; {self.instead}"


Members = Mapping[str, Refusal]

_CONTAINERS = Refusal(
    "containers",
    "tasks are processes of this machine, and no container engine is asked to start any",
    "pack the program into an application package, or let the command line start the engine",
)
_CERTIFICATES = Refusal(
    "certificates",
    "the service itself gave them up in February 2024",
    "let tasks fetch their secrets from a key vault or a container",
)
_LIFETIME_STATISTICS = Refusal(
    "statistics of an account's whole life",
    "the service itself dropped them with api-version 2023-11-01.18.0",
    "list jobs and pools",
)

WINDOWS_WITHOUT_WINE = Refusal(
    "pools of Windows nodes without Wine",
    "their programs run through Wine, which is not installed here",
    "install the Debian packages `wine` and `wine64`",
)
WINDOWS_TOGETHER = Refusal("tasks on several Windows nodes at once")

IN_POOLS: Members = {
    "certificateReferences": _CERTIFICATES,
    "cloudServiceConfiguration": Refusal(
        "pools of cloud services",
        "the service itself gave them up in February 2024",
        "send a virtualMachineConfiguration",
    ),
    "mountConfiguration": Refusal(
        "mounted file systems",
        "mounting needs rights over this machine that the emulator does not take",
        "mount them yourself and name their path, or fetch the files as resource files",
    ),
}
IN_MACHINES: Members = {
    "containerConfiguration": _CONTAINERS,
    "extensions": Refusal(
        "extensions of virtual machines",
        "virtual nodes are folders of this machine, which has nothing to install them into",
        "do what the extension does in the start task",
    ),
}
IN_COMMANDS: Members = {"containerSettings": _CONTAINERS}
IN_JOBS: Members = {
    "networkConfiguration": Refusal(
        "networks of jobs",
        "virtual nodes share the network of this machine",
        "leave it out, since all nodes reach each other",
    ),
}
IN_LOG_UPLOADS: Members = {
    "identityReference": Refusal(
        "managed identities of nodes",
        "this machine has none to show to a storage account",
        "sign the container's URL",
    )
}
IN_TASKS: Members = {
    **IN_COMMANDS,
    "authenticationTokenSettings": Refusal(
        "authentication tokens of tasks",
        "the service itself gave them up in September 2024",
        "sign beforehand what the task needs",
    ),
}


def _within(owner: str, members: Members) -> Members:
    return {f"{owner}/{name}": refusal for name, refusal in members.items()}


_POOLS = {
    **IN_POOLS,
    **_within("virtualMachineConfiguration", IN_MACHINES),
    **_within("startTask", IN_COMMANDS),
}
_CHANGES_OF_POOLS = {
    name: refusal for name, refusal in _POOLS.items() if name != "cloudServiceConfiguration"
}
_JOBS = {
    **IN_JOBS,
    **_within("jobManagerTask", IN_TASKS),
    **_within("jobPreparationTask", IN_COMMANDS),
    **_within("jobReleaseTask", IN_COMMANDS),
}

REFUSED_MEMBERS: Mapping[str, Members] = {
    "create_pool": _POOLS,
    "update_pool": _CHANGES_OF_POOLS,
    "replace_pool_properties": {
        "certificateReferences": _CERTIFICATES,
        **_within("startTask", IN_COMMANDS),
    },
    "create_job": _JOBS,
    "update_job": {"networkConfiguration": IN_JOBS["networkConfiguration"]},
    "create_task": IN_TASKS,
    "create_task_collection": IN_TASKS,
    "upload_node_logs": IN_LOG_UPLOADS,
}
"""The members of request bodies that each operation refuses, a slash before nested ones."""

_AUTO_POOL = {"poolInfo/autoPoolSpecification/pool": "create_pool"}
_SPECIFICATION = {"jobSpecification": "create_job"}

PARTS: Mapping[str, Mapping[str, str]] = {
    "create_job": _AUTO_POOL,
    "update_job": _AUTO_POOL,
    "replace_job": _AUTO_POOL,
    "create_job_schedule": _SPECIFICATION,
    "update_job_schedule": _SPECIFICATION,
    "replace_job_schedule": _SPECIFICATION,
}
"""The members that are as the body of another operation, and refuse what that refuses."""

REFUSED_OPERATIONS: Mapping[str, Refusal] = {
    "create_certificate": _CERTIFICATES,
    "list_certificates": _CERTIFICATES,
    "get_certificate": _CERTIFICATES,
    "delete_certificate": _CERTIFICATES,
    "cancel_certificate_deletion": _CERTIFICATES,
    "get_all_jobs_lifetime_statistics": _LIFETIME_STATISTICS,
    "get_all_pools_lifetime_statistics": _LIFETIME_STATISTICS,
}
"""The operations that are refused for good; one without a handler is not built yet."""

_ONE_ACCOUNT = Refusal(
    "changes of Batch accounts",
    "the emulator is one account, and is made and set up by starting it",
    "see `runfleet emulator start --help`",
)
_POOLS_OF_BATCH = Refusal(
    "pools of the management plane",
    "they are the pools of Batch itself, in other words",
    "ask Batch itself for them",
)

REFUSED_IN_MANAGEMENT: Mapping[str, Refusal] = {
    **dict.fromkeys(
        (
            "create_account",
            "update_account",
            "delete_account",
            "regenerate_key",
            "synchronize_auto_storage_keys",
            "check_name_availability",
        ),
        _ONE_ACCOUNT,
    ),
    **dict.fromkeys(
        ("list_pools", "create_pool", "get_pool", "update_pool", "delete_pool"), _POOLS_OF_BATCH
    ),
}
"""The same of the management plane."""

_NO_LOGIN = "nobody can log in: a virtual node is a folder, not a machine"

SHORTFALLS: Mapping[str, str] = {
    "create_pool": "Windows nodes run programs through Wine; "
    f"{WINDOWS_WITHOUT_WINE.meaning} are refused; "
    "machines are not made, so that what describes them is kept and shown without effect",
    "create_task": f"{WINDOWS_TOGETHER.meaning} are refused",
    "create_node_user": _NO_LOGIN,
    "replace_node_user": _NO_LOGIN,
    "get_node_remote_login_settings": _NO_LOGIN,
    "get_node_extension": "nodes have none, since pools that ask for some are refused",
    "list_node_extensions": "nodes have none, since pools that ask for some are refused",
}
"""What else is missing of operations that are carried out."""

WITHOUT_EFFECT: Mapping[str, tuple[str, ...]] = {
    "pools": (
        "applicationLicenses",
        "networkConfiguration",
        "resourceTags",
        "targetNodeCommunicationMode",
        "upgradePolicy",
        "userAccounts",
        "virtualMachineConfiguration, all but nodeAgentSKUId, which tells the operating system",
    ),
    "jobs": ("allowTaskPreemption",),
    "tasks of every kind": (
        "resourceFiles/identityReference",
        "userIdentity: all run as the user who started the emulator",
    ),
    "tasks": ("outputFiles/destination/container/identityReference",),
}
"""What is kept and shown to whoever reads it again, but changes nothing."""


def refusal_of(operation: str) -> Refusal:
    """Why an operation without a handler is refused."""
    return REFUSED_OPERATIONS.get(operation, Refusal("operations of this kind"))


def refused_members(operation: str) -> Members:
    """All members that an operation refuses, those within its parts too."""
    members = dict(REFUSED_MEMBERS.get(operation, {}))
    for part, other in PARTS.get(operation, {}).items():
        members |= _within(part, refused_members(other))
    return members
