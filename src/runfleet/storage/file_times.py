"""When files were changed, as a file system says."""

from __future__ import annotations

import os
from datetime import UTC, datetime

# A day within the calendar, so that the time has its place in it in any time zone.
_FIRST = datetime(1, 1, 2, tzinfo=UTC).timestamp()
_LAST = datetime(9999, 12, 31, tzinfo=UTC).timestamp()


def modification_time(status: os.stat_result) -> datetime:
    """When a file was last modified; programs may set times that no calendar has."""
    return datetime.fromtimestamp(min(max(status.st_mtime, _FIRST), _LAST), UTC)
