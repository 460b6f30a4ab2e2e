"""URLs of blobs and containers: those of this machine, and those of the web."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import SplitResult, unquote, urlsplit


@lru_cache(maxsize=1024)
def local_path(url: str) -> str | None:
    """Give the path that a ``file://`` URL of this machine names, or None for any other URL."""
    parts = _parts(url)
    if parts is None or parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return None
    return unquote(parts.path, errors="surrogateescape").rstrip("/")


def is_remote(url: str) -> bool:
    """Tell whether a URL is one of the web."""
    parts = _parts(url)
    return parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname)


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # which is looked at only when it is asked for
    except ValueError:
        return None
    return parts
