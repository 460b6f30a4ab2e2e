"""Run models once, by the thousand or under calibration: here first, then on Azure Batch."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runfleet.launch import connect
    from runfleet.study import Study

__all__ = ["Study", "connect"]

# Loaded when asked for: the node agent imports this package too, and starts often.
_HOMES = {"Study": "runfleet.study", "connect": "runfleet.launch"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module `runfleet` has no attribute `{name}`")
    return getattr(import_module(_HOMES[name]), name)
