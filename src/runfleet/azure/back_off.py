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
    failure_patience
        The same for one that answers with errors of its own.
    outage_patience
        The same for one that cannot be reached any more.
    contact_patience
        The same for one that has never answered: its address may be wrong.
    """

    first: float = 0.25
    longest: float = 30.0
    busy_patience: float = 900.0
    failure_patience: float = 300.0
    outage_patience: float = 600.0
    contact_patience: float = 60.0

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

    def gives_up(
        self, error: ServiceUnavailableError, *, waited: float, has_answered: bool
    ) -> bool:
        """Tell whether `waited` seconds of this trouble are enough, by what it is."""
        return waited >= self._patience(error, has_answered=has_answered)

    def _patience(self, error: ServiceUnavailableError, *, has_answered: bool) -> float:
        if error.throttled:
            return self.busy_patience
        if error.status:
            return self.failure_patience
        return self.outage_patience if has_answered else self.contact_patience
