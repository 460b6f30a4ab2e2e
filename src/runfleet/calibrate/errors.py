"""What can go wrong with a calibration."""

from __future__ import annotations

from runfleet.errors import RunfleetError


class CalibrationError(RunfleetError):
    """
    A calibration cannot begin, cannot go on, or has come to a bad end.

    Parameters
    ----------
    what
        What went wrong, in one sentence without a full stop.
    output
        The last lines of what the manager or a worker wrote, if those tell more.
    hint
        How to mend it.
    """

    def __init__(self, what: str, *, output: str = "", hint: str | None = None) -> None:
        super().__init__(f"{what}\n{output}" if output else what, hint=hint)
        self.what = what
        self.output = output


class ManagerError(CalibrationError):
    """The manager has ended, or does not come to listen."""


class PortTakenError(ManagerError):
    """The manager has ended because something else has its port."""


class ManagerLostError(ManagerError):
    """The node of the manager was lost, and with it what the manager told."""


class WorkerError(CalibrationError):
    """No worker reaches the manager, or all of them have died."""
