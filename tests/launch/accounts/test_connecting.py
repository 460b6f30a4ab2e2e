"""Opening accounts by their names."""

from __future__ import annotations

import os
import platform

import pytest

from runfleet.launch.accounts.connecting import owner


def test_a_user_whom_the_system_does_not_know_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in containers that run as whom they are told to."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    assert owner() == f"54321@{platform.node()}"
