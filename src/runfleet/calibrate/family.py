"""The families of programs that calibrate."""

from __future__ import annotations

from enum import StrEnum


class Family(StrEnum):
    """Programs that are told the same things in the same way, and write the same files."""

    PEST = "pest"
    PESTPP = "pest++"
