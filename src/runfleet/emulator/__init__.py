"""The Batch service on this machine: HTTP outside, the scheduler and its node agent inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runfleet.emulator.process import EmulatorProcess
    from runfleet.faults import Fault, FaultKind, TaskKind, Transfer, When

__all__ = ["EmulatorProcess", "Fault", "FaultKind", "TaskKind", "Transfer", "When"]


def __getattr__(name: str) -> object:
    # The emulator itself starts without what only its users need.
    if name not in __all__:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    from runfleet import faults
    from runfleet.emulator import process

    return getattr(process if name == "EmulatorProcess" else faults, name)
