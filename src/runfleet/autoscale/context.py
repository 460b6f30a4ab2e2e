"""What a formula can know of its pool."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from runfleet.autoscale.metrics import Metric
from runfleet.autoscale.samples import SampleHistory


@dataclass(frozen=True, slots=True)
class Context:
    """
    What a formula can know of its pool.

    Parameters
    ----------
    random
        Where `rand()` gets its numbers, from 0 to 1.
    target_dedicated, target_low_priority
        The pool's present targets.
    current
        What the metrics are now, for variables used as plain numbers; where one is missing, its
        newest sample serves.
    history
        Their samples.
    """

    random: Callable[[], float]
    target_dedicated: int = 0
    target_low_priority: int = 0
    current: Mapping[Metric, float] = field(default_factory=dict)
    history: SampleHistory = field(default_factory=SampleHistory)
