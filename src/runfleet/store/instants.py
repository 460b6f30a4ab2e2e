"""Instants as the store keeps them: whole microseconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(instant: datetime | None) -> int | None:
    """An instant as the store writes it."""
    return None if instant is None else (instant - _EPOCH) // timedelta(microseconds=1)


def instant(value: int | None) -> datetime | None:
    """What the store wrote in a column that may be empty."""
    return None if value is None else certain_instant(value)


def certain_instant(value: int) -> datetime:
    """What the store wrote in a column that is never empty."""
    return _EPOCH + timedelta(microseconds=value)
