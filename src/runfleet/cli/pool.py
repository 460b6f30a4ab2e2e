"""`runfleet pool`: the machines of an account."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from runfleet import autoscale
from runfleet.azure import AzureBatch, NodeInfo, PoolInfo
from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import AsJson, DryRun, On, Yes, on_option
from runfleet.cli.by_hand import check_communication, find_pool
from runfleet.cli.consent import agreed
from runfleet.cli.failures import FAILED, WrongUsageError
from runfleet.cli.pool_create import create
from runfleet.cli.printer import Printer, number_column
from runfleet.cli.studies import open_account
from runfleet.cli.words import count_text
from runfleet.errors import RunfleetError
from runfleet.launch.accounts.connecting import owner
from runfleet.launch.accounts.local import LOCAL
from runfleet.launch.provision import EXPIRY, OWNER, expiry_of, left_over_pools

app = new_app("Make, list, show, resize and delete pools.")
autoscale_app = new_app("Formulas by which pools follow their work.")
app.add_typer(autoscale_app, name="autoscale")
app.command(epilog=example("runfleet pool create small --max-nodes 5 --yes"))(create)

PoolId = Annotated[str, typer.Argument(metavar="POOL", help="The id of a pool.")]
Nodes = Annotated[int | None, typer.Option("--nodes", min=0, help="How many dedicated nodes.")]
SpotNodes = Annotated[int | None, typer.Option("--spot", min=0, help="How many spot nodes.")]


@app.command("list", epilog=example("runfleet pool list"))
def list_pools(on: On = LOCAL, as_json: AsJson = False) -> None:
    """List the pools of the account."""
    printer = Printer.standard()
    pools = list(open_account(on).batch.list_pools())
    if as_json:
        printer.json([_facts(pool) for pool in pools])
    elif pools:
        columns = (
            *("pool", number_column("nodes"), number_column("slots"), "vm_size", "state"),
            *(() if on == LOCAL else ("owner", "left over from")),
        )
        marks = _no_marks if on == LOCAL else _marks
        printer.table(columns, [_row(pool) + marks(pool) for pool in pools])
    else:
        printer.say("There are no pools; studies make them when they need them.")


@app.command(epilog=example("runfleet pool show local"))
def show(pool_id: PoolId, on: On = LOCAL, as_json: AsJson = False) -> None:
    """Show a pool and its nodes, and what is wrong with them."""
    printer = Printer.standard()
    batch = open_account(on).batch
    pool = find_pool(batch, pool_id)
    nodes = list(batch.list_nodes(pool_id))
    if as_json:
        printer.json(_facts(pool) | {"node_list": [_node_facts(node) for node in nodes]})
        return
    printer.facts(_lines(pool).items())
    if nodes:
        printer.data("")
        columns = ("state", "kind", number_column("running"), "node", "trouble")
        printer.table(columns, [_node_row(node) for node in nodes])


@app.command(epilog=example("runfleet pool resize local --nodes 2 --yes"))
def resize(
    pool_id: PoolId,
    nodes: Nodes = None,
    spot: SpotNodes = None,
    on: On = LOCAL,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """
    Give a pool another number of nodes.

    Tasks on nodes that leave go back to the queue. Nodes cost money on Azure, not on this machine.
    """
    if nodes is None and spot is None:
        raise WrongUsageError("no number of nodes is given", hint="give `--nodes` or `--spot`")
    printer = Printer.standard()
    batch = open_account(on).batch
    pool = find_pool(batch, pool_id)
    _refuse_formula(pool)
    _check_size(pool, nodes, spot)
    for kind, before, after in (
        ("dedicated", pool.target_dedicated, nodes),
        ("spot", pool.target_spot, spot),
    ):
        if after is not None:
            printer.say(f"Pool `{pool.id}`: from {before} to {after} {kind} nodes.")
    if agreed(printer, "Resize the pool?", yes=yes, dry_run=dry_run):
        batch.resize_pool(pool.id, dedicated=nodes, spot=spot)
        show = f"runfleet pool show {pool.id}{on_option(on)}"
        printer.say(f"The pool is being resized; `{show}` shows how far.")


def _check_size(pool: PoolInfo, nodes: int | None, spot: int | None) -> None:
    if pool.inter_node_communication:
        dedicated = pool.target_dedicated if nodes is None else nodes
        others = pool.target_spot if spot is None else spot
        check_communication(dedicated + others, fewer="fewer with `--nodes` and `--spot`")


def _refuse_formula(pool: PoolInfo) -> None:
    if pool.scales_itself:
        raise RunfleetError(
            f"pool `{pool.id}` follows its work by a formula, and cannot be resized",
            hint="its nodes leave when there is no work; make another pool with `--nodes`",
        )


@app.command(epilog=example("runfleet pool delete local --yes"))
def delete(
    pool_id: Annotated[
        str | None, typer.Argument(metavar="POOL", help="The id of a pool.", show_default=False)
    ] = None,
    left_over: Annotated[
        bool, typer.Option("--left-over", help="All pools that nobody needs any more.")
    ] = False,
    on: On = LOCAL,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """
    Delete a pool with its nodes; their tasks go back to the queue.

    With `--left-over`, those that `runfleet run` has made and no job uses: yours, and those of
    others that have not been used for two weeks.
    """
    if (pool_id is None) != left_over:
        raise WrongUsageError("it is not clear what to delete", hint="name a pool or `--left-over`")
    printer = Printer.standard()
    batch = open_account(on).batch
    pools = left_over_pools(batch, owner()) if pool_id is None else [find_pool(batch, pool_id)]
    if not pools:
        printer.say(f"No pool is left over on account `{on}`.")
        return
    for pool in pools:
        _show_deletion(printer, batch, pool)
    what = "the pool" if len(pools) == 1 else "the pools"
    if agreed(printer, f"Delete {what}?", yes=yes, dry_run=dry_run):
        for pool in pools:
            batch.delete_pool(pool.id)
            printer.say(f"Pool `{pool.id}` is being deleted.")


def _show_deletion(printer: Printer, batch: AzureBatch, pool: PoolInfo) -> None:
    running = sum(node.running_tasks for node in batch.list_nodes(pool.id))
    count = pool.current_dedicated + pool.current_spot
    verb = "is" if running == 1 else "are"
    printer.say(
        f"This deletes pool `{pool.id}` with {count_text(count, 'node')}, "
        f"where {count_text(running, 'task')} {verb} running."
    )


@autoscale_app.command(epilog=example("runfleet pool autoscale check '$TargetDedicatedNodes = 2;'"))
def check(
    formula: Annotated[
        str, typer.Argument(metavar="FORMULA", help="A formula in single quotes, or its file.")
    ],
    as_json: AsJson = False,
) -> None:
    """
    Find what is wrong with an autoscale formula, and show where.

    Mistakes that depend on samples show only when a pool evaluates the formula.
    """
    printer = Printer.standard()
    text = _formula_text(formula)
    errors = _formula_errors(text)
    warnings = [] if errors else _formula_warnings(autoscale.parse(text))
    if as_json:
        facts = [_error_facts(error) for error in errors]
        printer.json({"errors": facts, "warnings": warnings})
    elif errors:
        for error in errors:
            printer.error(autoscale.underline(error, text), error.hint)
    elif warnings:
        for warning in warnings:
            printer.warning(warning)
    else:
        printer.say("The formula is fine.")
    if errors:
        raise typer.Exit(FAILED)


def _formula_warnings(formula: autoscale.Formula) -> list[str]:
    if autoscale.sets_target(formula):
        return []
    targets = "neither `$TargetDedicatedNodes` nor `$TargetLowPriorityNodes`"
    return [f"the formula sets {targets}, so that pools keep their size"]


def _formula_text(argument: str) -> str:
    if os.path.isfile(argument):
        return Path(argument).read_text(encoding="utf-8-sig", errors="replace")
    if "=" not in argument:
        hint = "a formula sets a target, as in `$TargetDedicatedNodes = 2;`"
        raise WrongUsageError(f"`{argument}` is neither a file nor a formula", hint=hint)
    if argument.lstrip().startswith("="):
        hint = "put the formula in single quotes, or the shell takes names with `$` out of it"
        raise WrongUsageError(f"`{argument}` begins without a name", hint=hint)
    return argument


def _formula_errors(text: str) -> Sequence[autoscale.FormulaError]:
    try:
        return autoscale.check(autoscale.parse(text))
    except autoscale.FormulaSyntaxError as error:
        return [error]


def _error_facts(error: autoscale.FormulaError) -> dict[str, Any]:
    return {"what": error.what, "line": error.line, "column": error.column, "hint": error.hint}


def _row(pool: PoolInfo) -> tuple[object, ...]:
    return pool.id, _nodes_text(pool), pool.slots, pool.vm_size, _state_text(pool)


def _marks(pool: PoolInfo) -> tuple[str, ...]:
    """Who made a pool, and when it is left over unless it is used again."""
    expiry = expiry_of(pool)
    return pool.metadata.get(OWNER, ""), f"{expiry.astimezone():%Y-%m-%d}" if expiry else ""


def _no_marks(_: PoolInfo) -> tuple[str, ...]:
    return ()


def _nodes_text(pool: PoolInfo) -> str:
    """`2`, or `2 of 5` while nodes are coming or going."""
    current = pool.current_dedicated + pool.current_spot
    return f"{current}" if current == pool.target else f"{current} of {pool.target}"


def _state_text(pool: PoolInfo) -> str:
    return pool.state if pool.state != "active" else pool.allocation_state


def _lines(pool: PoolInfo) -> dict[str, str]:
    spot = f", {pool.current_spot} of them spot" if pool.current_spot else ""
    lines = {
        "Pool": pool.id,
        "State": _state_text(pool),
        "Nodes": f"{_nodes_text(pool)}{spot}",
        "Slots": f"{pool.slots} on each node",
        "Machine": f"{pool.vm_size}, {pool.node_agent}",
    }
    if pool.resize_errors:
        lines["Trouble"] = "\n".join(str(failure) for failure in pool.resize_errors)
    return lines


def _facts(pool: PoolInfo) -> dict[str, Any]:
    return {
        "id": pool.id,
        "state": pool.state,
        "allocation_state": pool.allocation_state,
        "vm_size": pool.vm_size,
        "node_agent": pool.node_agent,
        "task_slots_per_node": pool.slots,
        "current_dedicated_nodes": pool.current_dedicated,
        "target_dedicated_nodes": pool.target_dedicated,
        "current_spot_nodes": pool.current_spot,
        "target_spot_nodes": pool.target_spot,
        "scales_itself": pool.scales_itself,
        "resize_errors": [str(failure) for failure in pool.resize_errors],
        "owner": pool.metadata.get(OWNER),
        "expires": pool.metadata.get(EXPIRY),
    }


def _node_row(node: NodeInfo) -> tuple[object, ...]:
    kind = "dedicated" if node.is_dedicated else "spot"
    return node.state, kind, node.running_tasks, node.id, _trouble(node)


def _trouble(node: NodeInfo) -> str:
    start = node.start_task
    if start is not None and start.result == "failure":
        reason = str(start.failure) if start.failure else f"exit code {start.exit_code}"
        return f"start task: {reason}"
    return "; ".join(str(failure) for failure in node.errors)


def _node_facts(node: NodeInfo) -> dict[str, Any]:
    return {
        "id": node.id,
        "state": node.state,
        "is_dedicated": node.is_dedicated,
        "running_tasks": node.running_tasks,
        "trouble": _trouble(node) or None,
    }
