"""The command line: the only place that prints."""

from runfleet.cli.root import main

__all__ = ["main"]
