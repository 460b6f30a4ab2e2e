"""What the node agent is told of the instances of multi-instance tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from runfleet.agent.messages import Coordination, Execute, FileToFetch, SubjectKind
from runfleet.batch.records import Node
from runfleet.batch.specs import MultiInstanceSpec
from runfleet.emulator.environment import directory_environment
from runfleet.scheduler.commands import StartInstance
from runfleet.wire.shapes import subtask_directory, task_directory

# Reserved on every node for the service itself.
_SERVICE_PORT = 6000


def as_instance(
    execute: Execute,
    command: StartInstance,
    spec: MultiInstanceSpec,
    files: Sequence[FileToFetch],
    cores: int,
) -> Execute:
    """
    Make of the order to run a task on a node the one to run an instance of it there.

    Parameters
    ----------
    execute
        What would run the task if it were an ordinary one.
    command
        Which instance it is, and on which nodes they all are.
    spec
        How the instances begin.
    files
        The common resource files.
    cores
        How many cores a node has.
    """
    task = command.task
    directory = task_directory(task.job_id, task.task_id)
    coordination = Coordination(
        spec.coordination_command_line, command.node.address, directory, tuple(files)
    )
    shared = f"{execute.node_root}/{directory}"
    environment = {
        **execute.environment,
        **instance_environment(command.nodes, command.number, shared, cores),
    }
    instance = replace(execute, environment=environment, coordination=coordination)
    return instance if command.number == 0 else _as_subtask(instance, command)


def _as_subtask(instance: Execute, command: StartInstance) -> Execute:
    """Have it only coordinated: command, files and outputs are the primary's."""
    task = command.task
    directory = subtask_directory(task.job_id, task.task_id, command.number)
    places = directory_environment(Path(instance.node_root), directory)
    return replace(
        instance,
        subject=replace(instance.subject, kind=SubjectKind.SUBTASK),
        directory=directory,
        command_line="",
        environment={**instance.environment, **places},
        files=(),
        uploads=(),
        # It ends with the primary, whose time is limited.
        time_limit=None,
    )


def instance_environment(
    nodes: Sequence[Node], number: int, shared_directory: str, cores: int
) -> Mapping[str, str]:
    """What an instance is told of the others; the primary is the first."""
    addresses = [node.address for node in nodes]
    return {
        "AZ_BATCH_HOST_LIST": ",".join(addresses),
        "AZ_BATCH_NODE_LIST": ";".join(addresses),
        "AZ_BATCH_MASTER_NODE": f"{addresses[0]}:{_SERVICE_PORT}",
        "AZ_BATCH_IS_CURRENT_NODE_MASTER": "true" if number == 0 else "false",
        "AZ_BATCH_TASK_SHARED_DIR": shared_directory,
        "CCP_NODES": " ".join([str(len(nodes)), *(f"{one} {cores}" for one in addresses)]),
    }
