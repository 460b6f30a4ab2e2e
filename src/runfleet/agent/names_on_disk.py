"""Files as the disk spells them, found by names in any case, as Windows takes them."""

from __future__ import annotations

import os


def as_on_disk(path: str) -> str:
    """
    Spell an absolute path with the capitals that its files have.

    Names that are not there stay as they are.
    """
    if os.path.exists(path):
        return path
    found = "/"
    for name in filter(None, path.split("/")):
        found = f"{found.rstrip('/')}/{_spelling(found, name)}"
    return found


def _spelling(folder: str, name: str) -> str:
    if os.path.exists(f"{folder}/{name}") or not os.path.isdir(folder):
        return name
    return next((entry for entry in os.listdir(folder) if entry.lower() == name.lower()), name)
