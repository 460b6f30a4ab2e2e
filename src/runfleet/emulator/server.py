"""The emulator's process: one at a time in a home folder, found by its endpoint file."""

from __future__ import annotations

import asyncio
import base64
import logging
import os
import secrets
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import uvicorn

from runfleet.agent.process import AgentProcess
from runfleet.announcement import Announcement
from runfleet.emulator.app import App
from runfleet.emulator.applications import Applications
from runfleet.emulator.certificates import ensure_certificate
from runfleet.emulator.disk import Disk
from runfleet.emulator.engine import Engine
from runfleet.emulator.engine.executions import Executions
from runfleet.emulator.engine.node_agent import Interposer
from runfleet.emulator.engine.recovery import recover_tasks, remembered
from runfleet.emulator.last_url import read_last_url
from runfleet.emulator.packages import Packages
from runfleet.emulator.service import Service
from runfleet.emulator.tokens import read_account_key
from runfleet.errors import RunfleetError
from runfleet.home import Folders
from runfleet.scheduler.restore import resume
from runfleet.scheduler.state import State
from runfleet.storage.auto_storage import open_auto_storage
from runfleet.storage.files import write_private, written_whole
from runfleet.store import Store
from runfleet.wire import models
from runfleet.wire.bodies import prepare_shape

if TYPE_CHECKING:
    from runfleet.emulator.request_faults import DroppableProtocol, FaultyApp
    from runfleet.faults import Faults, Plan

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
_KEY_BYTES = 64
_BACKLOG = 512
_FIRST_SHAPES = (
    models.BatchPoolCreateOptions,
    models.BatchJobCreateOptions,
    models.BatchJobUpdateOptions,
)
"""What nearly all clients send first, in their order."""


@dataclass(frozen=True, slots=True)
class Settings:
    """
    How the emulator is run.

    Parameters
    ----------
    home
        The folder that holds everything.
    port
        Where to listen; 0 takes a free one, if possible the one of the last time.
    tls
        Whether to serve https instead of http.
    account
        The name of the Batch account.
    idle_exit
        How long to stay without a request and without a running task; None is for ever.
    node_delay
        How long a node takes to come.
    faults
        What shall go wrong; None for nothing.
    """

    home: Path
    port: int = 0
    tls: bool = False
    account: str = "local"
    idle_exit: timedelta | None = None
    node_delay: timedelta = timedelta()
    faults: Faults | None = None


class _QuietServer(uvicorn.Server):
    """A server that sleeps until told to stop: uvicorn's own loop wakes ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._stopping = asyncio.Event()
        # Only the loop's own handlers wake it from its sleep, whenever the signal comes.
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._on_signal, number)

    async def main_loop(self) -> None:
        _prepare_shapes(iter(_FIRST_SHAPES))
        await self._stopping.wait()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # they are captured from the beginning

    def _on_signal(self, number: int) -> None:
        log.info("told to stop by signal %d", number)
        self.stop()

    def stop(self) -> None:
        self.should_exit = True
        self._stopping.set()


def run(settings: Settings, agent: AgentProcess) -> None:
    """
    Serve until told to stop, or until nothing has happened for long enough.

    Parameters
    ----------
    settings
        How to; the caller holds the lock of the home folder.
    agent
        The node agent, which may be starting still.
    """
    folders = Folders(settings.home)
    Disk(settings.home).demand_start()
    folders.storage.mkdir(exist_ok=True)
    # Whoever was killed has left it, and its process id may be another's by now.
    folders.endpoint.unlink(missing_ok=True)
    asyncio.run(_serve(settings, folders, agent))


async def _serve(settings: Settings, folders: Folders, agent: AgentProcess) -> None:
    listener = _listen(settings.port, read_last_url(folders).port or 0)
    port = listener.getsockname()[1]
    url = f"{'https' if settings.tls else 'http'}://{HOST}:{port}"
    folders.last_url.write_text(url)
    plan = None if settings.faults is None else _plan(settings.faults)
    engine = await _start_engine(settings, folders, url, plan, agent)
    try:
        key = _account_key(folders.key)
        app = App(
            Service(
                settings.account,
                key,
                engine,
                folders,
                Packages(folders.packages),
                Applications(folders.packages),
            )
        )
        certificate = _certificate(settings, folders)
        server = _QuietServer(_configuration(app, certificate, plan))
        _announce(folders, url, settings)
        log.info("serving account `%s` at %s", settings.account, url)
        _watch_idleness(server, app, engine, settings.idle_exit)
        stopping = asyncio.create_task(_stop_when_failed(server, engine))
        await server.serve([listener])
        stopping.cancel()
    finally:
        folders.endpoint.unlink(missing_ok=True)
        await engine.stop()
        log.info("stopped")


def _prepare_shapes(shapes: Iterator[type[Any]]) -> None:
    """Make ready for bodies while the first client is on its way: one shape in a turn."""
    if shape := next(shapes, None):
        prepare_shape(shape)
        asyncio.get_running_loop().call_soon(_prepare_shapes, shapes)


def _certificate(settings: Settings, folders: Folders) -> Path | None:
    if not settings.tls:
        return None
    ensure_certificate(folders.certificate, folders.ca_file)
    return folders.certificate


def _plan(faults: Faults) -> Plan:
    # Imported where faults are wanted, as all that has to do with them.
    from runfleet.faults import Plan

    return Plan(faults)


def _configuration(app: App, certificate: Path | None, plan: Plan | None) -> uvicorn.Config:
    serving, protocol = (app, "auto") if plan is None else _with_faults(app, plan)
    return uvicorn.Config(
        serving,
        http=protocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=300,
        timeout_graceful_shutdown=2,
        ssl_certfile=certificate,
    )


def _with_faults(app: App, plan: Plan) -> tuple[FaultyApp, type[DroppableProtocol]]:
    from runfleet.emulator.request_faults import DroppableProtocol, FaultyApp

    return FaultyApp(app, plan), DroppableProtocol


async def _start_engine(
    settings: Settings, folders: Folders, url: str, plan: Plan | None, agent: AgentProcess
) -> Engine:
    store = Store(folders.database)
    state = State(node_delay=settings.node_delay)
    executions = Executions(
        folders,
        Packages(folders.packages),
        open_auto_storage(folders.home),
        settings.account,
        url,
    )
    faults = None if plan is None else _node_faults(plan, url)
    engine = Engine(folders, store, state, executions, faults)
    await engine.start(agent)
    recover_tasks(store, folders.journal)
    engine.decide(resume, remembered(store))
    await engine.committed()
    return engine


def _node_faults(plan: Plan, url: str) -> Interposer:
    from runfleet.emulator.engine.node_faults import FaultyNodes

    return partial(FaultyNodes, plan, url)


def _listen(port: int, last_port: int) -> socket.socket:
    """Listen where the last emulator did, so that its clients find this one, or elsewhere."""
    for candidate in (port,) if port else (last_port, 0):
        # asyncio turns off Nagle's algorithm only where the protocol is named; with it on, each
        # answer waits 40 ms for the client's delayed acknowledgement.
        listener = socket.socket(proto=socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, candidate))
        except OSError:
            listener.close()
            continue
        listener.listen(_BACKLOG)
        return listener
    raise RunfleetError(
        f"port {port} of {HOST} cannot be listened at", hint="take another one: `--port`"
    )


def _account_key(path: Path) -> bytes:
    """The account's key, made at random at the first start."""
    if not path.exists():
        write_private(path, base64.b64encode(secrets.token_bytes(_KEY_BYTES)))
    return read_account_key(path)


def _announce(folders: Folders, url: str, settings: Settings) -> None:
    announcement = Announcement(
        url,
        settings.account,
        os.getpid(),
        str(folders.ca_file) if settings.tls else None,
        _listed(settings.faults),
    )
    with written_whole(folders.endpoint) as partial:
        partial.write_text(announcement.to_json())


def _listed(faults: Faults | None) -> tuple[str, ...]:
    """Name what goes wrong on demand, each fault once."""
    return tuple(dict.fromkeys(fault.fault.value for fault in faults.faults)) if faults else ()


async def _stop_when_failed(server: _QuietServer, engine: Engine) -> None:
    await engine.failed.wait()
    server.stop()


def _watch_idleness(
    server: _QuietServer, app: App, engine: Engine, idle_exit: timedelta | None
) -> None:
    if idle_exit is None:
        return
    loop = asyncio.get_running_loop()
    patience = idle_exit.total_seconds()

    def look() -> None:
        idle = monotonic() - app.last_request
        if idle >= patience and not engine.is_busy:
            log.info("nothing to do for %.0f s", idle)
            server.stop()
        else:
            loop.call_later(max(1.0, patience - idle), look)

    loop.call_later(patience, look)
