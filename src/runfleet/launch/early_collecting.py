"""Collecting what runs have left while others still run."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from threading import Thread

from runfleet.launch.collecting import Collector
from runfleet.launch.outcomes import Outcome
from runfleet.launch.progress import RunCounts
from runfleet.storage.parallel import Work

log = logging.getLogger(__name__)

# Each portion costs a list of tasks and a list of blobs; a study of seconds needs none.
_PORTIONS = 20
_PAUSE_SECONDS = 5.0


class EarlyCollector:
    """
    Fetches the files of the runs that have ended, a portion at a time, beside whoever watches.

    What it cannot fetch is left to the collecting at the end, which says why.

    Parameters
    ----------
    news
        Tells what has become of the runs that have ended since it was last asked.
    collector
        Fetches their files.
    pause
        Seconds to wait at least before each portion.
    """

    def __init__(
        self,
        news: Callable[[], Mapping[str, Outcome]],
        collector: Collector,
        pause: float = _PAUSE_SECONDS,
    ) -> None:
        self._news = news
        self._pause = pause
        self._collector = collector
        self._fetched = 0
        self._next = time.monotonic() + self._pause
        self._fetching = Work()
        # Whoever leaves need not wait: what is fetched by half is fetched again.
        self._thread = _begin(_import_table_writers)

    def keep_up(self, counts: RunCounts) -> None:
        """Fetch the next portion, if so many runs have ended since the last and it is done."""
        is_worth_it = counts.ended - self._fetched >= max(1, counts.total // _PORTIONS)
        if counts.all_ended or not is_worth_it or time.monotonic() < self._next:
            return
        if not self._thread.is_alive():
            self._fetched = counts.ended
            self._thread = _begin(lambda: self._fetching.do(self._fetch_portion))

    def finish(self) -> None:
        """Wait for the portion that is being fetched."""
        self._thread.join()

    def leave(self) -> None:
        """Wait no longer for a storage that does not answer: nobody needs the portion any more."""
        self._fetching.give_up()

    def _fetch_portion(self) -> None:
        try:
            self._collector.collect_files(self._news())
        except Exception as error:
            # Whoever watches is not disturbed: the collecting at the end meets it again.
            log.info("files of runs cannot be fetched yet: %s", error)
        self._next = time.monotonic() + self._pause


def _begin(work: Callable[[], None]) -> Thread:
    thread = Thread(target=work, name="early collecting", daemon=True)
    thread.start()
    return thread


def _import_table_writers() -> None:
    """Import what is needed at the end, and takes a while."""
    import pyarrow.csv
    import pyarrow.parquet  # noqa: F401
