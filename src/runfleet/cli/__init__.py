"""The command line: the only place that prints."""

import sys

from runfleet.cli.head_start import give_head_start
from runfleet.garbage import collect_rarely


def main() -> None:
    """Run the command line, and exit with its code."""
    collect_rarely()
    give_head_start(sys.argv[1:])
    from runfleet.cli.root import main as run_command

    run_command()
