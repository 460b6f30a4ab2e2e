"""`runfleet doctor`, `images` and `sizes`."""

from __future__ import annotations

import json


def test_a_study_that_can_run_here(local, write_study):
    """A line for each thing that was looked at."""
    study = write_study("fine", "true\n")
    done = local("doctor", study)
    assert done.code == 0, done.out
    lines = [line.split()[:2] for line in done.out.splitlines()]
    looked_at = ("endpoint", "login", "storage", "study", "image", "pool")
    assert lines == [["ok", name] for name in looked_at]


def test_what_is_wrong_is_told_with_its_remedy(local, write_study, folder):
    """Each thing on its own, as one is mended without the others."""
    study = write_study("ill", "true\n", more="pool: {image: ubuntu-20.40}\n")
    text = (folder / study).read_text()
    (folder / study).write_text(text.replace("  inputs:", "  packages: [swmm==5]\n  inputs:"))
    done = local("doctor", study)
    assert done.code == 1
    assert ": `pool.image`: there is no verified image `ubuntu-20.40`\n" in done.out
    assert "         Remedy: did you mean `ubuntu-2" in done.out
    assert "Remedy: add it with `runfleet package add swmm 5 FOLDER_OR_ZIP`" in done.out
    findings = json.loads(local("doctor", study, "--json").out)
    wrong = [finding["subject"] for finding in findings if finding["verdict"] == "error"]
    assert wrong == ["image", "packages"]


def test_a_study_for_another_system_does_not_hide_what_else_is_wrong(local, write_study, folder):
    study = write_study("foreign", "true\n", more="pool: {image: ubuntu-20.40}\n")
    text = (folder / study).read_text()
    (folder / study).write_text(text.replace("sh foreign.sh", "model.bat"))
    findings = json.loads(local("doctor", study, "--json").out)
    wrong = [finding["subject"] for finding in findings if finding["verdict"] == "error"]
    assert wrong == ["study", "image"]


def test_the_name_of_another_files_study_is_told(local, write_study, folder):
    """As `plan` and `run` refuse it."""
    study = write_study("namesake", "true\n")
    local("run", study)
    (folder / "other.yaml").write_text((folder / study).read_text())
    findings = json.loads(local("doctor", "other.yaml", "--json").out)
    told = {finding["subject"]: finding for finding in findings}["study"]
    assert told["verdict"] == "error"
    assert told["text"] == f"the name `namesake` belongs to the study of `{folder / study}`"


def test_a_program_that_only_the_shell_finds_is_told(runfleet, folder):
    """Runs have the PATH with which the emulator was started."""
    (folder / "study.yaml").write_text("model: {command: swmmx}\n")
    programs = folder / "bin"
    programs.mkdir()
    (programs / "swmmx").write_text("#!/bin/sh\n")
    (programs / "swmmx").chmod(0o755)
    assert runfleet("run", "study.yaml").code == 1
    runfleet.environment["PATH"] = f"{programs}:{runfleet.environment['PATH']}"
    what = (
        f"`swmmx` is `{programs}/swmmx` here, and is not found by runs: the emulator was started "
        "with another PATH"
    )
    way = (
        "end it by `runfleet emulator stop`: the next one has the PATH of your shell, where "
        "`runfleet retry study --failed` runs again what has failed"
    )
    assert f"warning: {what}; {way}\n" in runfleet("plan", "study.yaml").err
    assert f"warning: {what}; {way}\n" in runfleet("run", "study.yaml").err
    found = {
        one["subject"]: one for one in json.loads(runfleet("doctor", "study.yaml", "--json").out)
    }
    assert found["programs"] == {
        "subject": "programs",
        "verdict": "warning",
        "text": what,
        "remedy": way,
    }
    runfleet("emulator", "stop")
    assert "warning" not in runfleet("plan", "study.yaml").err
    assert runfleet("retry", "study", "--failed").code == 0


def test_the_account_alone(local):
    """Without a study."""
    _, _, storage = local("doctor").out.splitlines()
    assert storage.endswith(
        ": a blob written, read, read by signed URL, deleted; container `runfleet-doctor` stays"
    )
    assert local("account", "check", "local").out.splitlines()[1].startswith("ok       login ")


def test_images_are_listed_by_the_names_that_studies_use(local):
    (image,) = json.loads(local("images", "2204", "--json").out)
    assert image["reference"] == "microsoft-dsvm/ubuntu-hpc/2204"
    assert local("images", "ubuntu-22").out.splitlines()[1].startswith("ubuntu-22.04 ")
    assert local("images", "nothing").err == (
        "There is no such image; `runfleet images` lists them all.\n"
    )


def test_sizes_have_cores_and_memory(local):
    sizes = json.loads(local("sizes", "f4s", "--json").out)
    assert sizes == [{"size": "standard_f4s_v2", "cores": 4, "memory_gib": 8.0, "family": None}]
