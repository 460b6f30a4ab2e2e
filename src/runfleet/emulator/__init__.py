"""The Batch service on this machine: HTTP outside, the scheduler and its node agent inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runfleet.late_names import late_names

if TYPE_CHECKING:
    from runfleet.emulator.process import EmulatorProcess
    from runfleet.faults import Fault, FaultKind, TaskKind, Transfer, When

__all__ = ["EmulatorProcess", "Fault", "FaultKind", "TaskKind", "Transfer", "When"]

# The emulator itself starts without what only its users need.
__getattr__, __dir__ = late_names(
    __name__,
    {
        ".process": ["EmulatorProcess"],
        "..faults": ["Fault", "FaultKind", "TaskKind", "Transfer", "When"],
    },
)
