"""Run models once, by the thousand or under calibration: here first, then on Azure Batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runfleet.late_names import late_names

if TYPE_CHECKING:
    from runfleet.errors import RunfleetError
    from runfleet.launch import connect
    from runfleet.study import Study
    from runfleet.version import __version__

__all__ = ["RunfleetError", "Study", "__version__", "connect"]

# Loaded when asked for: the node agent imports this package too, and starts often.
__getattr__, __dir__ = late_names(
    __name__,
    {
        ".errors": ["RunfleetError"],
        ".launch": ["connect"],
        ".study": ["Study"],
        ".version": ["__version__"],
    },
)
