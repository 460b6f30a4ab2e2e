"""How long to wait before a request is sent again, and when to give up."""

from __future__ import annotations

from dataclasses import dataclass

from runfleet.azure.errors import ServiceUnavailableError


@dataclass(frozen=True, slots=True)
class BackOff:
    """
    Growing, jittered pauses.

    Parameters
    ----------
    first, longest
        Seconds that the first pause and any pause last at most.
    busy_patience
        For how many seconds a service is asked again that answers that it is too busy.
    outage_patience
        The same for a service that fails, or that cannot be reached.
    """

    first: float = 0.25
    longest: float = 30.0
    busy_patience: float = 900.0
    outage_patience: float = 60.0

    def pause(self, attempt: int, *, chance: float, retry_after: float | None = None) -> float:
        """
        Tell how many seconds to wait before the next attempt.

        Parameters
        ----------
        attempt
            How many attempts have failed before this one: 0, 1, 2 ...
        chance
            A random number of [0, 1), so that many clients do not come back together.
        retry_after
            How long the service asked to be left alone: no pause is shorter.
        """
        whole = min(self.longest, self.first * 2.0 ** min(attempt, 60))
        return max(whole * (0.5 + 0.5 * chance), (retry_after or 0.0) * (1 + 0.1 * chance))

    def gives_up(self, error: ServiceUnavailableError, *, waited: float) -> bool:
        """Tell whether `waited` seconds of this trouble are enough."""
        return waited >= (self.busy_patience if error.throttled else self.outage_patience)
