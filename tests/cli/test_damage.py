"""Files that a crash of the machine has left damaged: told with what helps, and in nobody's way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.mark.parametrize("content", ["", "[]", "{}", "\0\0\0"])
def test_a_damaged_record_is_told_and_other_studies_are_not_in_its_way(
    runfleet, write_study, content: str
):
    """It is deleted as any other, and its name can be used again."""
    for name in ("good", "bad"):
        assert runfleet("run", write_study(name, "true", [1])).code == 0
    (runfleet.home / "storage/study-bad/study.json").write_text(content)
    what = (
        "the record of study `bad` is damaged: `study.json` in container `study-bad` of storage "
        f"account {runfleet.home}/storage"
    )
    hint = (
        "`runfleet delete bad` removes the study with its jobs and files; then "
        "`runfleet run FILE` begins anew"
    )
    listed = runfleet("status", "--json")
    assert [study["study"] for study in json.loads(listed.out)] == ["good"]
    assert listed.err == f"warning: {what}; {hint}\n"
    for command in ("status", "explain", "results", "cancel", "run"):
        told = runfleet(command, "bad.yaml")
        assert (told.code, told.err) == (1, f"error: {what}\nhint: {hint}\n")
    assert runfleet("delete", "bad", "--yes").code == 0
    assert runfleet("run", "bad.yaml").code == 0


@pytest.mark.parametrize("content", [b"", b"\0\0\0", b"\xff\xfe/\n"])
def test_a_damaged_note_of_a_studys_file_is_as_none(runfleet, write_study, content: bytes):
    assert runfleet("run", write_study("study", "true", [1])).code == 0
    (runfleet.home / "studies/local/study.file").write_bytes(content)
    assert runfleet("status", "study").code == 0
    assert runfleet("results", "study").err == (
        "error: it is not known which file study `study` was submitted from\n"
        "hint: name the study file instead of the study\n"
    )
    assert runfleet("results", "study.yaml").code == 0
    assert runfleet("run", "study.yaml").code == 0


@pytest.mark.parametrize("content", [b"", b"\0\0\0", b"\xff\xfe", b"http://127.0.0.1:99999"])
def test_an_emulator_starts_with_a_damaged_key_and_url(runfleet, write_study, content: bytes):
    """It takes others; the endpoint file of one that was killed may be damaged, too."""
    assert runfleet("run", write_study("study", "true", [1])).code == 0
    assert runfleet("emulator", "stop").code == 0
    for name in ("key", "last-url", "endpoint.json"):
        (runfleet.home / "emulator" / name).write_bytes(content)
    assert runfleet("status", "study").code == 0


def test_the_damaged_key_of_a_running_emulator_is_told(runfleet):
    key: Path = runfleet.home / "emulator/key"
    assert runfleet("emulator", "start", "--detach").code == 0
    key.write_bytes(b"\xff\xfe")
    told = runfleet("status")
    assert told.code == 1
    assert told.err == (
        f"error: the key of the emulator is damaged: `{key}`\n"
        "hint: `runfleet emulator stop` stops it, and the next command starts it with another key; "
        "what is running starts anew\n"
    )
    assert runfleet("emulator", "stop").code == 0
    assert runfleet("status").code == 0
