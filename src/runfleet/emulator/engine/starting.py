"""From a home folder to an engine that goes on where the last one ended."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from secrets import SystemRandom
from typing import TYPE_CHECKING

from runfleet.agent.process import AgentProcess
from runfleet.emulator.engine.executions import Executions
from runfleet.emulator.engine.health import EngineFailedError
from runfleet.emulator.engine.loop import Engine
from runfleet.emulator.engine.node_agent import Interposer
from runfleet.emulator.engine.recovery import recover_tasks, remembered
from runfleet.emulator.packages import Packages
from runfleet.home import Folders
from runfleet.scheduler.state import State
from runfleet.storage.auto_storage import open_auto_storage
from runfleet.store import Store, telling_damage

if TYPE_CHECKING:
    from runfleet.faults import Plan


async def start_engine(
    folders: Folders,
    agent: AgentProcess,
    packages: Packages,
    *,
    account: str,
    url: str,
    node_delay: timedelta | None,
    plan: Plan | None = None,
) -> Engine:
    """
    Start the engine of a home folder: what was cut short is settled, and all else goes on.

    Parameters
    ----------
    folders
        The home.
    agent
        The node agent, which may be starting still.
    packages
        Finds application packages.
    account, url
        What tasks are told of the account they belong to.
    node_delay
        How long a node takes to come, and as long again to boot; None for hardly at all.
    plan
        What shall go wrong on nodes; None for nothing.
    """
    store = Store(folders.database)
    with telling_damage(folders.database):
        # What is damaged there would be met later, while clients ask.
        store.purge()
    executions = Executions(folders, packages, open_auto_storage(folders.home), account, url)
    faults = None if plan is None else _node_faults(plan, url)
    state = State(SystemRandom(), node_delay=node_delay)
    engine = Engine(folders, store, state, executions, faults)
    await engine.start(agent)
    try:
        with telling_damage(folders.database):
            ended = recover_tasks(store, folders.agent.journal, engine.remove_files_of)
            engine.go_on(remembered(store, ended))
        await engine.committed()
    except EngineFailedError as error:
        raise engine.health.reason from error
    return engine


def _node_faults(plan: Plan, url: str) -> Interposer:
    # Imported where faults are wanted, as all that has to do with them.
    from runfleet.emulator.engine.node_faults import FaultyNodes

    return partial(FaultyNodes, plan, url)
