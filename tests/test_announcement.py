"""What a running emulator tells of itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runfleet.announcement import Announcement


def test_what_was_announced_is_read(tmp_path: Path) -> None:
    told = Announcement("https://127.0.0.1:8443", "local", 7, "/h/ca.pem", ("busy", "drop"))
    file = tmp_path / "endpoint.json"
    file.write_text(told.to_json())
    assert Announcement.read(file) == told


def test_another_version_may_say_less_or_more(tmp_path: Path) -> None:
    """A client goes on with an emulator that was started before it was updated."""
    file = tmp_path / "endpoint.json"
    file.write_text(json.dumps({"url": "http://h", "account": "local", "pid": 7, "mood": "good"}))
    assert Announcement.read(file) == Announcement("http://h", "local", 7)


@pytest.mark.parametrize("content", [None, b"", b'{"url": "htt'])
def test_nobody_is_there_without_a_whole_file(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "endpoint.json"
    if content is not None:
        file.write_bytes(content)
    assert Announcement.read(file) is None
