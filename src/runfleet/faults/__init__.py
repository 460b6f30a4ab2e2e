"""Faults that the emulator is asked for: their words, their file, and when each of them happens."""

from runfleet.faults.fault import Fault, FaultKind, Faults, TaskKind, Transfer, When
from runfleet.faults.plan import Plan

__all__ = ["Fault", "FaultKind", "Faults", "Plan", "TaskKind", "Transfer", "When"]
