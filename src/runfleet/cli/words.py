"""Sizes, times and counts, as people read them."""

from __future__ import annotations

from datetime import timedelta

_SIZE_UNITS = ("B", "kB", "MB", "GB", "TB")


def count_text(count: int, noun: str) -> str:
    """`1 run`, `2,000 runs`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def value_text(value: float | str | None) -> str:
    """Six figures of a number, as much as people compare; texts as they are; nothing as a dash."""
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def size_text(size_bytes: float) -> str:
    """`812 B`, `1.4 MB`: three figures at most."""
    power = 0
    while size_bytes >= 999.5 and power < len(_SIZE_UNITS) - 1:
        size_bytes /= 1000
        power += 1
    decimals = 1 if power and size_bytes < 99.95 else 0
    return f"{size_bytes:.{decimals}f} {_SIZE_UNITS[power]}"


def duration_text(duration: timedelta) -> str:
    """`0.4 s`, `42 s`, `3 min 20 s`, `2 h 05 min`, `3 d 4 h`."""
    seconds = duration.total_seconds()
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def sentence(text: str) -> str:
    """Begin with a capital and end with a full stop, or with the mark that is there."""
    ended = text if text.endswith(("?", "!")) else f"{text.rstrip('.')}."
    return ended[:1].upper() + ended[1:]
