"""How processes of our own are started in Python."""

from __future__ import annotations

import sys


def module_command(module: str) -> list[str]:
    """
    Write the command that runs a module by this Python, to which further arguments are added.

    The names of files are in UTF-8 there, as on Azure's nodes: such a process outlives the shell
    that started it, whose locale is not that of the next client.  It is said by an option, which
    processes started there do not inherit.
    """
    return [sys.executable, "-X", "utf8", "-m", module]
