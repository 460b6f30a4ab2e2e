"""Names with blanks in commands."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from runfleet.azure import OperatingSystem
from runfleet.launch.checks.split_names import find_split_names
from runfleet.study.model import Model, SharedInput


@pytest.mark.parametrize("system", OperatingSystem)
@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("my model < in.txt", ["my model"]),
        ("./my model && ls", ["./my model"]),
        ('"./my model" in.txt', []),
        ('my model "my model"', []),
        ('ls "folder/my model"', []),
        ("tommy model", []),
    ],
)
def test_files_with_blanks_are_put_in_quotes(
    system: OperatingSystem, command: str, names: list[str]
):
    """The shell would start `my`, and say that it is not there."""
    inputs = [SharedInput(PurePosixPath(name), Path(name)) for name in ("my model", "in.txt")]
    told = [*find_split_names(Model(command, inputs=tuple(inputs)), system)]
    assert told == [
        f'the command names `{name}` without quotes, so that its blanks end words: write `"{name}"`'
        for name in names
    ]
