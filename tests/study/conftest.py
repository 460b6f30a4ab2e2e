"""Study files in a folder of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runfleet.study import Study

LoadStudy = Callable[..., Study]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a blank and a quote in its name."""
    folder = tmp_path / "a user's studies"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def load(folder: Path) -> LoadStudy:
    """Write the given text to `study.yaml`, other files beside it, and load it."""

    def load(text: str, **files: str | bytes) -> Study:
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            (folder / name.replace("_dot_", ".")).write_bytes(data)
        (folder / "study.yaml").write_text(text, encoding="utf-8")
        return Study.load("study.yaml")

    return load
