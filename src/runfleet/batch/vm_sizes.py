"""Sizes of virtual machines."""

from __future__ import annotations

import re

# The D series of version 2 counts steps, not cores.
_EXCEPTIONS = {"standard_d3_v2": 4, "standard_d4_v2": 8, "standard_d5_v2": 16}
_FIRST_NUMBER = re.compile(r"[a-z]([0-9]+)")


def core_count(vm_size: str) -> int:
    """How many cores a size such as `standard_d4s_v3` has, by its name; 1 if that does not say."""
    name = vm_size.lower()
    number = _FIRST_NUMBER.search(name.removeprefix("standard_").removeprefix("basic_"))
    return _EXCEPTIONS.get(name) or (int(number[1]) or 1 if number else 1)
