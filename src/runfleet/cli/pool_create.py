"""`runfleet pool create`."""

from __future__ import annotations

from typing import Annotated

import typer

from runfleet.autoscale.formulas import by_pending_tasks
from runfleet.azure import (
    Autoscale,
    AzureBatch,
    OperatingSystem,
    PoolSettings,
    StartTask,
    shell_command,
)
from runfleet.azure.user_accounts import UserAccount, new_ssh_user
from runfleet.batch.vm_sizes import meant_size
from runfleet.cli.arguments import DryRun, On, Yes
from runfleet.cli.by_hand import Packages, check_communication, read_packages
from runfleet.cli.consent import agreed
from runfleet.cli.failures import WrongUsageError
from runfleet.cli.printer import Printer
from runfleet.cli.studies import open_account
from runfleet.cli.words import count_text
from runfleet.errors import RunfleetError
from runfleet.launch.accounts.local import LOCAL
from runfleet.study.pool import LINUX_IMAGE, VM_SIZE

NewPool = Annotated[str, typer.Argument(metavar="POOL", help="The id of the new pool.")]
ImageName = Annotated[str, typer.Option("--image", help="Its system.")]
VmSize = Annotated[str, typer.Option("--vm-size", help="Its machines.")]
Nodes = Annotated[int, typer.Option("--nodes", min=0, help="Dedicated nodes.")]
SpotNodes = Annotated[int, typer.Option("--spot", min=0, help="Spot nodes.")]
MostNodes = Annotated[
    int | None,
    typer.Option("--max-nodes", min=1, help="Follow the work, with this many nodes at most."),
]
LeastNodes = Annotated[
    int, typer.Option("--min-nodes", min=0, help="And this many also without work.")
]
Slots = Annotated[int, typer.Option("--slots", min=1, help="Task slots of each node.")]
InterNode = Annotated[
    bool, typer.Option("--inter-node", help="Let nodes talk to each other, as MPI needs it.")
]
StartCommand = Annotated[
    str | None,
    typer.Option("--start", metavar="COMMAND", help="Run on each node before all else."),
]
Elevated = Annotated[bool, typer.Option("--elevated", help="Run that as administrator.")]


def create(
    pool_id: NewPool,
    image: ImageName = LINUX_IMAGE,
    vm_size: VmSize = VM_SIZE,
    nodes: Nodes = 0,
    spot: SpotNodes = 0,
    max_nodes: MostNodes = None,
    min_nodes: LeastNodes = 0,
    slots: Slots = 1,
    inter_node: InterNode = False,
    packages: Packages = None,
    start: StartCommand = None,
    elevated: Elevated = False,
    on: On = LOCAL,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """
    Make a pool.

    With `--max-nodes` it gets nodes as its tasks need them, by a formula that Batch evaluates every
    five minutes; until it has seen the first tasks it has `--min-nodes`. Otherwise it has as many
    nodes as `--nodes` and `--spot` say, until it is resized.
    """
    printer = Printer.standard()
    _check_start(start, elevated=elevated)
    scale = _autoscale(max_nodes, min_nodes, nodes + spot)
    if inter_node:
        fewer = "a smaller `--max-nodes`" if max_nodes else "fewer with `--nodes` and `--spot`"
        check_communication(max_nodes or nodes + spot, fewer=fewer)
    references = read_packages(packages)
    batch = open_account(on).batch
    _refuse_twin(batch, pool_id)
    picked = batch.pick_image(image)
    settings = PoolSettings(
        pool_id,
        picked,
        vm_size,
        dedicated=nodes,
        spot=spot,
        autoscale=scale,
        slots=slots,
        inter_node_communication=inter_node,
        packages=references,
        start_task=_start_task(start, picked.operating_system, elevated=elevated),
        users=_users(picked.operating_system) if inter_node else (),
    )
    if meant := meant_size(vm_size):
        printer.warning(f"`{vm_size}` is no common size of machine; did you mean `{meant}`?")
    size = f"{'at most ' if max_nodes else ''}{count_text(max_nodes or nodes + spot, 'node')}"
    printer.say(f"This makes pool `{pool_id}` of {size}, each {vm_size} with {image}.")
    if not agreed(printer, "Make the pool?", yes=yes, dry_run=dry_run):
        return
    if not batch.create_pool(settings):
        raise _is_there(pool_id)
    printer.data(pool_id)


def _check_start(command: str | None, *, elevated: bool) -> None:
    if elevated and command is None:
        raise WrongUsageError(
            "`--elevated` is given without `--start`, the command that it is for",
            hint="say what to run on each node with `--start`; or leave it out",
        )


def _refuse_twin(batch: AzureBatch, pool_id: str) -> None:
    if batch.get_pool(pool_id) is not None:
        raise _is_there(pool_id)


def _is_there(pool_id: str) -> RunfleetError:
    hint = f"look: `runfleet pool show {pool_id}`"
    return RunfleetError(f"there is a pool `{pool_id}` already", hint=hint)


def _autoscale(max_nodes: int | None, min_nodes: int, fixed: int) -> Autoscale | None:
    if max_nodes is None and not min_nodes:
        return None
    if max_nodes is None or fixed:
        raise WrongUsageError(
            "a pool either follows its work or has a fixed number of nodes",
            hint="give `--max-nodes`, and perhaps `--min-nodes`; or else `--nodes` and `--spot`",
        )
    return Autoscale(by_pending_tasks(max_nodes, min_nodes=min_nodes))


def _start_task(
    command: str | None, system: OperatingSystem, *, elevated: bool
) -> StartTask | None:
    if command is None:
        return None
    return StartTask(shell_command(command, system), elevated=elevated)


def _users(system: OperatingSystem) -> list[UserAccount]:
    """By which tasks start processes on other nodes: with MPI on Linux that goes by ssh."""
    return [new_ssh_user()] if system is OperatingSystem.LINUX else []
