"""Patterns of output files on Windows nodes: their variables, their separators, their drives."""

from __future__ import annotations

import re
from collections.abc import Mapping

from runfleet.agent import patterns, wine
from runfleet.agent.names_on_disk import as_on_disk
from runfleet.agent.patterns import Pattern

_VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)\}|%([^%]+)%")


def parse(
    text: str, environment: Mapping[str, str], working_directory: str, node_root: str
) -> tuple[Pattern, str]:
    r"""
    Parse a pattern; `\` and `/` both separate, and names are those of files in any case.

    Parameters
    ----------
    text
        The pattern.
    environment
        Values of the variables in it, ``%NAME%`` or ``$NAME``.
    working_directory
        What it is relative to, unless it begins with a drive.
    node_root
        The root folder of the node.

    Returns
    -------
    pattern, folder
        With its fixed folder, as an absolute path of Linux.
    """
    path = wine.unix_path(_expanded(text, environment), node_root)
    pattern = patterns.parse(path, ignore_case=True)
    return pattern, as_on_disk(pattern.folder(working_directory))


def _expanded(text: str, environment: Mapping[str, str]) -> str:
    """Replace variables by their values; unknown ones stay."""
    if "$" not in text and "%" not in text:
        return text
    values = {name.lower(): value for name, value in environment.items()}
    return _VARIABLE.sub(
        lambda found: values.get((found[1] or found[2] or found[3]).lower(), found[0]), text
    )
