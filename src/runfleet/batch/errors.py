"""A request that the rules of the service refuse."""

from __future__ import annotations

from collections.abc import Mapping

from runfleet.errors import RunfleetError


class BatchRuleError(RunfleetError):
    """
    A request that is well formed but breaks a rule, known by the service's error code.

    Parameters
    ----------
    code
        The service's own code, such as ``PoolBeingResized``; ``wire.errors`` has status and text.
    details
        What the error body lists as ``values``.
    """

    def __init__(self, code: str, details: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.details = dict(details or {})
