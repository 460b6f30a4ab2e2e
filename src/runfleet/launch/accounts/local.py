"""The account of this machine."""

from __future__ import annotations

LOCAL = "local"
"""Its name; it is in no file."""
