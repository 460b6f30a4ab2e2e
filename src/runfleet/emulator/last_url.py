"""Where the last emulator of a home folder was, which the next one takes again if it can."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from runfleet.home import Folders


def read_last_url(folders: Folders) -> SplitResult:
    """Read where it was; nothing stands in any part of it if nobody can tell."""
    try:
        url = urlsplit(folders.last_url.read_text())
        return url if url.port else urlsplit("")
    except (OSError, ValueError):  # as a crash of the machine leaves it
        return urlsplit("")
