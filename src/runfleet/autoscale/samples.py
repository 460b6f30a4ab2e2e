"""The samples of a pool's metrics that a formula can look back at."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from runfleet.autoscale.metrics import Metric

SAMPLE_PERIOD = timedelta(seconds=30)
# About a minute passes before a formula sees a sample.
SAMPLE_DELAY = timedelta(seconds=60)
HISTORY_LENGTH = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Sample:
    """
    The metrics at one moment; those that could not be measured are missing.

    Parameters
    ----------
    time, metrics
        The moment, and the values by metric.
    """

    time: datetime
    metrics: Mapping[Metric, float]


@dataclass(slots=True)
class SampleHistory:
    """
    The last samples of a pool, taken every `SAMPLE_PERIOD`; the oldest go as new ones come.

    Parameters
    ----------
    delay
        How long a sample takes until formulas see it.
    """

    delay: timedelta = SAMPLE_DELAY
    _samples: deque[Sample] = field(
        default_factory=lambda: deque(maxlen=HISTORY_LENGTH // SAMPLE_PERIOD)
    )

    def __len__(self) -> int:
        """How many samples are kept, seen or not."""
        return len(self._samples)

    def add(self, time: datetime, metrics: Mapping[Metric, float]) -> None:
        """Keep a sample, unless it is older than the last, as after a clock was set."""
        if not self._samples or time > self._samples[-1].time:
            values = {metric: float(value) for metric, value in metrics.items()}
            self._samples.append(Sample(time, values))

    def seen(self, metric: Metric, now: datetime) -> list[tuple[datetime, float]]:
        """All samples of a metric that a formula sees now, oldest first."""
        return list(self._seen(metric, now))

    def newest(self, metric: Metric, count: int, now: datetime) -> tuple[float, ...]:
        """The newest samples, at most `count`, oldest first."""
        values = tuple(value for _, value in self._seen(metric, now))
        return values[-count:] if count > 0 else ()

    def between(
        self, metric: Metric, start: datetime, end: datetime, now: datetime
    ) -> tuple[float, ...]:
        """The samples taken after `start` and no later than `end`, oldest first."""
        return tuple(value for time, value in self._seen(metric, now) if start < time <= end)

    def percent(self, metric: Metric, start: datetime, end: datetime, now: datetime) -> float:
        """How many of the samples that there could be in a time are there, in percent."""
        possible = max(1, (end - start) // SAMPLE_PERIOD)
        present = len(self.between(metric, start, end, now))
        return min(100.0, 100.0 * present / possible)

    def _seen(self, metric: Metric, now: datetime) -> Iterator[tuple[datetime, float]]:
        for sample in self._samples:
            if sample.time + self.delay <= now and metric in sample.metrics:
                yield sample.time, sample.metrics[metric]
