"""The emulator's process: one at a time in a home folder, found by its endpoint file."""

from __future__ import annotations

import asyncio
import base64
import logging
import os
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from runfleet.agent.process import AgentProcess
from runfleet.announcement import Announcement, read_key
from runfleet.emulator.app import App
from runfleet.emulator.asgi import Asgi
from runfleet.emulator.attendance import Attendance
from runfleet.emulator.certificates import ensure_certificate
from runfleet.emulator.disk import Disk
from runfleet.emulator.engine import Engine
from runfleet.emulator.engine.starting import start_engine
from runfleet.emulator.last_url import read_last_url
from runfleet.emulator.log_uploads import LogUploads
from runfleet.emulator.packages import Packages
from runfleet.emulator.quiet_server import QuietServer
from runfleet.emulator.service import Service
from runfleet.errors import RunfleetError
from runfleet.home import Folders
from runfleet.storage.files import write_private, written_whole
from runfleet.wire import models
from runfleet.wire.bodies import prepare_shape

if TYPE_CHECKING:
    from runfleet.faults import Faults, Plan

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
_KEY_BYTES = 64
_BACKLOG = 512
# What nearly all clients send first, in their order.
_FIRST_SHAPES = (
    models.BatchPoolCreateOptions,
    models.BatchJobCreateOptions,
    models.BatchJobUpdateOptions,
)


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
        How long a node takes to come, and as long again to boot; None for hardly at all.
    faults
        What shall go wrong; None for nothing.
    """

    home: Path
    port: int = 0
    tls: bool = False
    account: str = "local"
    idle_exit: timedelta | None = None
    node_delay: timedelta | None = None
    faults: Faults | None = None


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
    packages = Packages(folders.packages)
    engine = await start_engine(
        folders,
        agent,
        packages,
        account=settings.account,
        url=url,
        node_delay=settings.node_delay,
        plan=plan,
    )
    try:
        service = _service(settings.account, folders, engine, packages)
        app = App(service)
        attended = Attendance(app if plan is None else _with_faults(app, plan))
        configuration = _configuration(attended, _certificate(settings, folders), plan)
        server = QuietServer(configuration, service.log_uploads.stop)
        _announce(folders, url, settings)
        log.info("serving account `%s` at %s", settings.account, url)
        _watch_idleness(server, attended, engine, settings.idle_exit)
        asyncio.get_running_loop().call_soon(_prepare_shapes, iter(_FIRST_SHAPES))
        stopping = asyncio.create_task(_stop_when_failed(server, engine))
        await server.serve([listener])
        stopping.cancel()
    finally:
        folders.endpoint.unlink(missing_ok=True)
        await engine.stop()
        log.info("stopped")
    if not engine.health.is_sound:
        raise engine.health.reason


def _prepare_shapes(shapes: Iterator[type[Any]]) -> None:
    """Make ready for bodies while the first client is on its way: one shape in a turn."""
    if shape := next(shapes, None):
        prepare_shape(shape)
        asyncio.get_running_loop().call_soon(_prepare_shapes, shapes)


def _service(account: str, folders: Folders, engine: Engine, packages: Packages) -> Service:
    return Service(
        account,
        _account_key(folders.key),
        engine,
        folders,
        packages,
        LogUploads(),
    )


def _certificate(settings: Settings, folders: Folders) -> Path | None:
    if not settings.tls:
        return None
    ensure_certificate(folders.certificate, folders.ca_file)
    return folders.certificate


def _plan(faults: Faults) -> Plan:
    # Imported where faults are wanted, as all that has to do with them.
    from runfleet.faults import Plan

    return Plan(faults)


def _configuration(app: Asgi, certificate: Path | None, plan: Plan | None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="auto" if plan is None else _droppable(),
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


def _with_faults(app: App, plan: Plan) -> Asgi:
    from runfleet.emulator.request_faults import FaultyApp

    return FaultyApp(app, plan)


def _droppable() -> type[asyncio.Protocol]:
    from runfleet.emulator.request_faults import DroppableProtocol

    return DroppableProtocol


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
    key = read_key(path)
    if key is None:
        if path.exists():
            log.warning("`%s` is damaged: the account gets another key", path)
        key = secrets.token_bytes(_KEY_BYTES)
        write_private(path, base64.b64encode(key))
    return key


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


async def _stop_when_failed(server: QuietServer, engine: Engine) -> None:
    await engine.health.ending.wait()
    server.stop()


def _watch_idleness(
    server: QuietServer, attended: Attendance, engine: Engine, idle_exit: timedelta | None
) -> None:
    if idle_exit is None:
        return
    loop = asyncio.get_running_loop()
    patience = idle_exit.total_seconds()

    def look() -> None:
        idle = attended.idle_seconds
        if idle >= patience and not engine.is_busy:
            log.info("nothing to do for %.0f s", idle)
            server.stop()
        else:
            loop.call_later(max(1.0, patience - idle), look)

    loop.call_later(patience, look)
