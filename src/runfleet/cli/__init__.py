"""The command line: the only place that prints."""

import os
import sys

from runfleet.cli.head_start import give_head_start
from runfleet.garbage import collect_rarely


def main() -> None:
    """Run the command line, and exit with its code."""
    _open_closed_streams()
    collect_rarely()
    # Else numpy starts threads for each processor, which spin where models are to run.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Else pydantic looks for plugins in every distribution of the environment.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    give_head_start(sys.argv[1:])
    from runfleet.cli.root import main as run_command

    run_command()


def _open_closed_streams() -> None:
    """Give the standard streams that whoever started us has closed a place that is nowhere."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
