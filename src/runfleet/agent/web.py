"""
The agent's way to blobs on the web, by URLs with their own signature.

Imported only when there is such a URL: most executions need none of it.
"""

from __future__ import annotations

from functools import cache

from runfleet.storage.channel import Channel
from runfleet.storage.signed_blobs import SignedBlobs


@cache
def web_blobs() -> SignedBlobs:
    """One for all executions, so that they share its connections."""
    return SignedBlobs(Channel())
