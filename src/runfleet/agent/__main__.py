"""`python -m runfleet.agent`: the node agent; started by the emulator, not by users."""

from __future__ import annotations

import argparse
import logging
import os
import socket
from pathlib import Path

from runfleet.agent.earlier import take_over
from runfleet.agent.loop import Agent
from runfleet.garbage import collect_rarely
from runfleet.home import AgentFolders


def main() -> None:
    """Serve the emulator at the other end of an inherited socket until it goes away."""
    collect_rarely()
    options = _parse_options()
    logging.basicConfig(format="%(asctime)s agent %(levelname)s %(message)s", level=logging.INFO)
    folders = AgentFolders(Path(os.path.abspath(options.state)))
    os.makedirs(folders.state, exist_ok=True)
    # Commands inherit this: there is nobody to type anything.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    channel = socket.socket(fileno=options.fd)
    channel.set_inheritable(False)
    take_over(folders)
    Agent(channel, folders, delete_after=options.delete_after).run()
    # Threads may still wait for the network; nobody waits for them.
    os._exit(0)


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m runfleet.agent", description=__doc__)
    parser.add_argument("--fd", type=int, required=True, help="number of the inherited socket")
    parser.add_argument("--state", required=True, help="folder that holds the nodes")
    parser.add_argument(
        "--delete-after",
        type=float,
        default=60.0,
        help="seconds of rest before removed folders are deleted",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
