"""Deciding, each time that something could go wrong, whether it does."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from random import Random

from runfleet.faults.fault import Fault, FaultKind, Faults, Occasion


class Plan:
    """
    Decides about one occasion after the other.

    Each fault draws from random numbers of its own, once for every occasion that it may hit,
    whatever the other faults do: to add a fault, or to take one away, leaves the others as they
    are.

    Parameters
    ----------
    faults
        What shall go wrong.
    """

    def __init__(self, faults: Faults) -> None:
        self._draws = [
            _Draw(fault, Random(f"{faults.seed} {number}"))  # noqa: S311
            for number, fault in enumerate(faults.faults)
        ]

    def on_request(self, operation: str) -> Fault | None:
        """Tell what goes wrong with a request, by the name of its operation."""
        return self._first(draw for draw in self._at(Occasion.REQUEST) if draw.hits(operation))

    def clock_skew(self) -> float:
        """Tell by how many seconds the clock is wrong at all times: also where nothing is asked."""
        lasting = (draw.fault for draw in self._at(Occasion.REQUEST) if draw.fault.is_lasting)
        skews = (fault.seconds for fault in lasting if fault.fault is FaultKind.CLOCK_SKEW)
        return next(skews, 0.0)

    def on_node(self, occasion: Occasion, pool_id: str, *, is_spot: bool) -> Fault | None:
        """Tell what goes wrong with a task, of any kind, that is started on a node of a pool."""
        draws = (draw for draw in self._at(occasion) if draw.is_at(pool_id))
        return self._first(draw for draw in draws if is_spot or not draw.fault.needs_spot)

    def _at(self, occasion: Occasion) -> list[_Draw]:
        return [draw for draw in self._draws if draw.fault.occasion is occasion]

    @staticmethod
    def _first(draws: Iterable[_Draw]) -> Fault | None:
        drawn = [draw for draw in draws if draw.happens()]
        for draw in drawn[:1]:
            draw.happened += 1
            return draw.fault
        return None


class _Draw:
    """One fault with what has come of it so far."""

    def __init__(self, fault: Fault, random: Random) -> None:
        self.fault = fault
        self.happened = 0
        self._random = random
        self._occasions = 0

    def hits(self, operation: str) -> bool:
        return any(fnmatchcase(operation, pattern) for pattern in self.fault.operations)

    def is_at(self, pool_id: str) -> bool:
        return any(fnmatchcase(pool_id.lower(), one.lower()) for one in self.fault.pools)

    def happens(self) -> bool:
        self._occasions += 1
        chance = self._random.random()
        if self.fault.times is not None and self.happened >= self.fault.times:
            return False
        if self.fault.nth:
            return self._occasions in self.fault.nth
        return self.fault.probability is None or chance < self.fault.probability
