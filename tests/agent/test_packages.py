"""Application packages."""

import os
import shlex
import stat
import time
import zipfile

import pytest

from runfleet.agent.messages import Kill, PackageToInstall, RemoveFolder
from runfleet.batch.states import EndedBy


@pytest.fixture
def package(agent, tmp_path):
    """Make an archive from names with content and mode, and ask for its installation."""

    def make(files):
        archive = tmp_path / "model.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
            for name, (content, mode) in files.items():
                member = zipfile.ZipInfo(name)
                member.external_attr = mode << 16
                zipped.writestr(member, content)
        return PackageToInstall(str(archive), f"{agent.node_root}/applications/{tmp_path.name}/1")

    return make


SCRIPT = "#!/bin/sh\necho ran\n"
MODEL = {"bin/model": (SCRIPT, 0o100755), "data.txt": ("data", 0o100644), "empty/": ("", 0o40755)}


def test_a_package_is_unpacked_and_can_be_run(agent, package):
    wanted = package(MODEL)
    execution = agent.task(
        "model", packages=(wanted,), environment={"PATH": f"/bin:{wanted.folder}/bin"}
    )
    assert agent.run(execution).exit_code == 0
    assert agent.stdout(execution) == "ran\n"
    assert stat.S_IMODE(os.stat(f"{wanted.folder}/data.txt").st_mode) == 0o644
    assert os.path.isdir(f"{wanted.folder}/empty")


def test_files_without_a_mode_can_be_read(agent, package):
    wanted = package({"a": ("content", 0)})
    assert agent.run(agent.task("true", packages=(wanted,))).exit_code == 0
    with open(f"{wanted.folder}/a") as file:
        assert file.read() == "content"


def test_a_package_is_unpacked_once_for_a_node(agent, package):
    wanted = package(MODEL)
    agent.run(agent.task("true", packages=(wanted,)))
    os.unlink(wanted.archive)
    assert agent.run(agent.task("true", packages=(wanted,))).exit_code == 0


def test_executions_that_need_the_same_package_at_once(agent, package):
    wanted = package({"big": ("x" * 30_000_000, 0o100644), **MODEL})
    executions = [
        agent.task(shlex.quote(f"{wanted.folder}/bin/model"), packages=(wanted,)) for _ in range(10)
    ]
    agent.say(*executions)
    assert [agent.ended(one).exit_code for one in executions] == [0] * 10


def test_links_within_a_package(agent, package):
    wanted = package({"lib/a.so.1": ("so", 0o100755), "lib/a.so": ("a.so.1", 0o120777)})
    assert agent.run(agent.task("true", packages=(wanted,))).exit_code == 0
    assert os.readlink(f"{wanted.folder}/lib/a.so") == "a.so.1"


@pytest.mark.parametrize(
    "files",
    [
        {"../escaped": ("x", 0o100644)},
        {"/tmp/escaped-by-zip": ("x", 0o100644)},
        {"a/../../escaped": ("x", 0o100644)},
        {"link": ("../..", 0o120777), "link/escaped": ("x", 0o100644)},
        {"link": ("/tmp", 0o120777)},
        {"twice": ("x", 0o100644), "twice/a": ("x", 0o100644)},
    ],
    ids=["up", "absolute", "around", "link", "absolute link", "file as folder"],
)
def test_a_package_that_would_write_elsewhere_is_refused(agent, package, files):
    wanted = package(files)
    ended = agent.run(agent.task("true", packages=(wanted,)))
    assert (ended.ended_by, ended.exit_code) == (EndedBy.FAILURE, None)
    assert (ended.failure.category, ended.failure.code) == (
        "usererror",
        "ApplicationPackageError",
    )
    assert not os.path.exists("/tmp/escaped-by-zip")
    assert os.listdir(os.path.dirname(wanted.folder)) == []


def test_a_broken_archive(agent, package):
    wanted = package(MODEL)
    with open(wanted.archive, "r+b") as file:
        file.truncate(60)
    assert agent.run(agent.task("true", packages=(wanted,))).failure.code == (
        "ApplicationPackageError"
    )


def test_a_missing_archive_can_be_brought_later(agent, package):
    wanted = package(MODEL)
    os.rename(wanted.archive, wanted.archive + ".away")
    failed = agent.run(agent.task("true", packages=(wanted,)))
    assert failed.failure.code == "ApplicationPackageError"
    os.rename(wanted.archive + ".away", wanted.archive)
    assert agent.run(agent.task("true", packages=(wanted,))).exit_code == 0


def test_a_file_that_is_damaged_within_an_archive(agent, package):
    wanted = package({})
    with zipfile.ZipFile(wanted.archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("x.txt", "x" * 5000)
    with open(wanted.archive, "r+b") as file:
        file.seek(30 + len("x.txt"))  # behind the header
        file.write(b"\xff" * 4)
    failure = agent.run(agent.task("true", packages=(wanted,))).failure
    assert failure.code == "ApplicationPackageError"
    assert failure.details["Message"].startswith("the zip file cannot be unpacked: ")


def test_a_node_that_was_removed_meanwhile_stays_away(own_agent, tmp_path, wait_for):
    archive, folder = tmp_path / "model.zip", own_agent.node_root / "applications/model/1"
    with zipfile.ZipFile(archive, "w") as zipped:
        for number in range(20_000):
            zipped.writestr(f"{number}/a.txt", b"")
    wanted = PackageToInstall(str(archive), str(folder))
    execution = own_agent.task("true", packages=(wanted,))
    own_agent.say(execution)
    wait_for(folder.with_name("1.partial").exists)
    own_agent.say(Kill(execution.execution, upload=False), RemoveFolder(str(own_agent.node_root)))
    assert own_agent.ended(execution).ended_by is EndedBy.KILL
    wait_for(lambda: not own_agent.node_root.exists())
    time.sleep(0.2)  # in which hundreds of files would have come
    assert not own_agent.node_root.exists()


def test_a_package_is_unpacked_for_others_though_the_first_was_stopped(own_agent, tmp_path):
    archive, folder = tmp_path / "model.zip", own_agent.node_root / "applications/model/1"
    with zipfile.ZipFile(archive, "w") as zipped:
        for number in range(5_000):
            zipped.writestr(f"{number}/a.txt", b"")
    wanted = PackageToInstall(str(archive), str(folder))
    first, second = (own_agent.task("true", packages=(wanted,)) for _ in range(2))
    own_agent.say(first, second, Kill(first.execution))
    assert own_agent.ended(first).ended_by is EndedBy.KILL
    assert own_agent.ended(second).exit_code == 0
    assert len(os.listdir(folder)) == 5_000
