"""`python -m runfleet.emulator`: serve one home folder until told to stop."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from datetime import timedelta
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING

from runfleet.agent.process import AgentProcess
from runfleet.emulator.last_url import read_last_url
from runfleet.emulator.lock import AlreadyRunningError, hold
from runfleet.errors import RunfleetError
from runfleet.garbage import collect_rarely
from runfleet.home import Folders

if TYPE_CHECKING:
    from runfleet.emulator.server import Settings
    from runfleet.faults import Faults

log = logging.getLogger("runfleet.emulator")

_LOG_BYTES = 10_000_000
_OLD_LOGS = 2


def main() -> int:
    """Run the emulator; 0 also where another one serves the home folder already."""
    collect_rarely()
    options = _parser().parse_args()
    folders = Folders(options.home.absolute())
    folders.make_state()
    _configure_logging(None if options.foreground else folders.log)
    try:
        with hold(folders.lock):
            _run(options, folders)
    except AlreadyRunningError:
        log.info("another emulator serves %s", folders.home)
    except RunfleetError as error:
        log.error("%s (%s)", error.message, error.hint)
        return 1
    except Exception:
        log.exception("the emulator cannot go on")
        return 1
    return 0


def _run(options: argparse.Namespace, folders: Folders) -> None:
    # The agent starts while all the rest is imported, which takes longer.
    agent = AgentProcess.start(folders.state)
    from runfleet.emulator import server

    server.run(_settings(options, folders), agent)


def _settings(options: argparse.Namespace, folders: Folders) -> Settings:
    from runfleet.emulator.server import Settings

    return Settings(
        home=folders.home,
        port=options.port,
        tls=read_last_url(folders).scheme == "https" if options.tls is None else options.tls,
        idle_exit=timedelta(seconds=options.idle_exit) if options.idle_exit else None,
        node_delay=_delay(options.node_delay),
        faults=_faults(options.faults) if options.faults else None,
    )


def _delay(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _faults(file: Path) -> Faults:
    # Imported where faults are wanted: reading them takes longer than to start without.
    from runfleet.faults.file import read_fault_file

    return read_fault_file(file)


def _configure_logging(file: Path | None) -> None:
    """Log to a file, behind what earlier emulators wrote, or to stderr."""
    handler = (
        RotatingFileHandler(file, maxBytes=_LOG_BYTES, backupCount=_OLD_LOGS)
        if file
        else logging.StreamHandler(sys.stderr)
    )
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        handlers=[handler],
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("runfleet.emulator", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder that holds everything")
    parser.add_argument("--port", type=int, default=0, help="0: the last one, or any free one")
    parser.add_argument(
        "--tls", action=argparse.BooleanOptionalAction, help="serve https; if not said as last time"
    )
    parser.add_argument("--idle-exit", type=float, default=900.0, help="seconds; 0: never")
    parser.add_argument("--node-delay", type=float, help="seconds until a node comes")
    parser.add_argument("--faults", type=Path, help="file that says what shall go wrong")
    parser.add_argument("--foreground", action="store_true", help="log to stderr")
    return parser


if __name__ == "__main__":
    exit_code = main()
    # Threads may still wait for the network; nobody waits for them.
    os._exit(exit_code)
