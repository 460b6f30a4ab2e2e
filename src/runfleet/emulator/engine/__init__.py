"""The loop around the scheduler, and those who do what it wants."""

from runfleet.emulator.engine.loop import Engine

__all__ = ["Engine"]
