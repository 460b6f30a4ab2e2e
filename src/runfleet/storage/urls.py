"""URLs of containers and blobs, whose query may hold a signature."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote, urlsplit

from runfleet.storage.errors import StorageError

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def check_life(life: timedelta) -> None:
    """Refuse what is no time for which a URL could work; raises `StorageError`."""
    if not isinstance(life, timedelta) or life <= timedelta():
        raise StorageError(
            f"a URL cannot work for `{life!r}`",
            hint="give how long it is needed: `life=timedelta(days=2)`, of `datetime`",
        )


def blob_url(container_url: str, blob: str) -> str:
    """Name a blob of a container, keeping the query."""
    path, mark, query = container_url.partition("?")
    return f"{path.rstrip('/')}/{quote(blob, errors='surrogateescape')}{mark}{query}"


def with_query(url: str, query: str) -> str:
    """Add to the query of a URL."""
    return f"{url}{'&' if '?' in url else '?'}{query}"


def without_query(url: str) -> str:
    """Cut a URL before its query, so that it can be shown."""
    return url.partition("?")[0]


def is_loopback(url: str) -> bool:
    """Tell whether a service is on this machine."""
    return urlsplit(url).hostname in _LOOPBACK


def proxies_of(url: str) -> dict[str, str]:
    """Tell `requests` what the environment does not: no proxy leads to this machine."""
    return {"no_proxy": urlsplit(url).hostname or ""} if is_loopback(url) else {}
