"""What a study may cost is shown before it runs on an account that costs money."""

from __future__ import annotations

from runfleet.batch.vm_sizes import core_count
from runfleet.cli.consent import agreed
from runfleet.cli.pool_texts import node_noun
from runfleet.cli.request import Request
from runfleet.cli.words import count_text
from runfleet.launch import PoolPlan


def agreed_to_costs(request: Request, runs: int) -> bool:
    """
    Show where runs would run, and ask; nobody is asked where that costs nothing.

    Parameters
    ----------
    request
        Where they would run, and whether the user said yes beforehand.
    runs
        How many runs of the study would be submitted.

    Raises
    ------
    StudyError
        If they could not run there: nobody is asked to agree to what is refused then.
    WrongUsageError
        If nobody is there to answer.
    """
    printer, account = request.printer, request.account
    if account.is_local or not runs:
        return True
    account.check(request.study, replace=request.replace)
    pool = account.plan_pool(request.study)
    printer.say(f"Account `{account.name}`: {count_text(runs, 'run')} on {_pool_text(pool)}.")
    printer.say("Its nodes cost money while they are there. Without runs they go by themselves.")
    return agreed(printer, "Go on?", yes=request.yes)


def _pool_text(pool: PoolPlan) -> str:
    cores = core_count(pool.vm_size)
    kind = f"{pool.vm_size} {node_noun(pool)}"
    nodes = f"up to {count_text(pool.nodes, kind)} of {count_text(cores, 'core')}"
    return f"pool `{pool.id}`, {nodes}"
