"""What the handlers of requests work with."""

from __future__ import annotations

from dataclasses import dataclass

from runfleet.emulator.engine import Engine
from runfleet.emulator.folders import Folders
from runfleet.emulator.packages import Packages


@dataclass(frozen=True, slots=True)
class Service:
    """
    One Batch account.

    Parameters
    ----------
    account
        Its name.
    key
        Its shared key, decoded.
    """

    account: str
    key: bytes
    engine: Engine
    folders: Folders
    packages: Packages
