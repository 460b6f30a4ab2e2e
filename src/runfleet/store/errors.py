"""What can go wrong with the store."""

from __future__ import annotations

from runfleet.errors import RunfleetError


class StoreError(RunfleetError):
    """The file of the store cannot be used."""
