"""Whether a calibration can begin: what `runfleet doctor` finds of it."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from runfleet.calibrate.checks import check_files
from runfleet.calibrate.places import check_places, explain_places
from runfleet.calibrate.results.pyemu import require_pyemu
from runfleet.launch.accounts.account import Account
from runfleet.launch.doctor import Finding
from runfleet.launch.doctor.findings import doubtful, fine, looked_at, wrong
from runfleet.launch.errors import LaunchError
from runfleet.launch.pool import PoolPlan
from runfleet.study import Study


def examine_calibration(account: Account, study: Study) -> Iterator[Finding]:
    """Look at all that a calibration needs beyond what every study does; nothing for others."""
    pest = study.pest
    if pest is None:
        return
    try:
        pool = account.plan_pool(study)
    except LaunchError:  # which the examination of the study has told
        return
    yield looked_at("control", lambda: _look_at_control(study, pool))
    yield looked_at("pyemu", _look_at_pyemu)
    yield looked_at("places", lambda: _look_at_places(pool, pest.workers.max))
    yield looked_at("port", lambda: _look_at_port(account, pool, pest.port))


def _look_at_control(study: Study, pool: PoolPlan) -> Finding:
    control, problems = check_files(study, pool.operating_system)
    if not problems:
        return fine(
            "control",
            f"`{control.file.name}`: nothing is wrong with its {len(control.files)} files",
        )
    worst = min(problems, key=lambda problem: not problem.is_error)
    more = f"; and {len(problems) - 1} more: `runfleet calibrate check`" if problems[1:] else ""
    find = wrong if worst.is_error else doubtful
    return find("control", f"{worst}{more}", worst.hint or "")


def _look_at_pyemu() -> Finding:
    require_pyemu()
    return fine("pyemu", "is there, to read what comes out")


def _look_at_places(pool: PoolPlan, workers: int) -> Finding:
    check_places(pool)
    missing = explain_places(pool, workers)
    if missing is None:
        return fine("places", f"for the manager and {workers} workers at a time")
    return doubtful("places", *missing)


def _look_at_port(account: Account, pool: PoolPlan, port: int) -> Finding:
    """Look at what keeps workers away: a port that is taken here, nodes that do not talk there."""
    if account.is_local:
        return _look_at_own_port(port)
    found = account.batch.get_pool(pool.id)
    if found is not None and not found.inter_node_communication and pool.nodes > 1:
        return doubtful(
            "port",
            f"the nodes of pool `{pool.id}` may not reach each other on port {port}: it was made "
            "without communication between nodes",
            "name a pool that has it, or leave out `pool: {id: ...}` to have one made",
        )
    return fine("port", f"{port}, on which the workers reach the manager")


def _look_at_own_port(port: int) -> Finding:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError as error:
            return doubtful(
                "port",
                f"{port} cannot be had just now: {error.strerror}",
                "if it is not this calibration that has it, write another `port` under `pest`",
            )
    return fine("port", f"{port} is free")
