"""The clock that decisions and records get their time from."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The time that goes into decisions and records."""
    return datetime.now(UTC)
