"""Where the virtual nodes have their folders."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from runfleet.home import Folders


@lru_cache(1_024)
def node_root(folders: Folders, node_id: str) -> Path:
    """Find the root folder of a node, short because some programs bear no long paths."""
    return folders.nodes / sha256(node_id.encode()).hexdigest()[:8]
