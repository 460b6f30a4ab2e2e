"""What a running emulator tells of itself, by a file in the home folder."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import NamedTuple, Self


def read_key(file: Path) -> bytes | None:
    """Read the account key, decoded; None where there is none, or what is there is no key."""
    try:
        return base64.b64decode(file.read_bytes().strip(), validate=True) or None
    except (OSError, ValueError):
        return None


def read_holder(lock: Path) -> int | None:
    """Read which process holds the emulator's lock, or held it last; None if it has not said so."""
    try:
        return int(lock.read_bytes())
    except (OSError, ValueError):
        return None


def announced_holder(endpoint: Path, lock: Path) -> int | None:
    """
    Read which process an announcement names, where that holds the emulator's lock; None elsewhere.

    What an emulator has announced stays when it is killed, and its number comes to others: the next
    one that takes the lock needs a while to remove it.
    """
    found = Announcement.read(endpoint)
    return found.pid if found and found.pid == read_holder(lock) else None


# No dataclass, which takes a millisecond to make: this is imported before an emulator starts.
class Announcement(NamedTuple):
    """
    How an emulator is reached, and what else there is to know before it is asked.

    Parameters
    ----------
    url
        Where it listens, on this machine's loopback.
    account
        The name of its Batch account.
    pid
        Its process.
    ca_file
        The certificate to trust for TLS; None where the URL is none of https.
    faults
        What goes wrong there on demand, by name.
    """

    url: str
    account: str
    pid: int
    ca_file: str | None = None
    faults: tuple[str, ...] = ()

    @classmethod
    def read(cls, file: Path) -> Self | None:
        """Read a file of one; None where there is none, as no emulator runs."""
        try:
            facts = json.loads(file.read_bytes())
            # One of another version may say less, or more.
            faults = tuple(facts.get("faults", ()))
            return cls(facts["url"], facts["account"], facts["pid"], facts.get("ca_file"), faults)
        except (OSError, ValueError, KeyError, AttributeError):
            return None

    def to_json(self) -> str:
        """Write what the file holds."""
        return json.dumps(self._asdict())
