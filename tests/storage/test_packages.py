"""Application packages in a folder."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from runfleet.storage.archives import unpack
from runfleet.storage.packages import PackageError, PackageFolder


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program's folder, with an executable and a link to a library."""
    folder = tmp_path / "epa net's"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/runepanet").write_text("#!/bin/sh\n")
    (folder / "bin/runepanet").chmod(0o755)
    (folder / "lib").mkdir()
    (folder / "lib/libnet.so.2").write_text("library")
    (folder / "lib/libnet.so").symlink_to("libnet.so.2")
    return folder


@pytest.fixture
def packages(tmp_path: Path) -> PackageFolder:
    return PackageFolder(tmp_path / "packages")


def content(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_a_folder_is_zipped_with_its_executable_bits(packages: PackageFolder, program: Path):
    """The zip file holds the folder's files, links followed."""
    package = packages.add("epanet", "2.3.5", program)
    assert package.path == packages.root / "epanet/2.3.5.zip"
    assert content(package.path) == {
        "bin/runepanet": "#!/bin/sh\n",
        "lib/libnet.so": "library",
        "lib/libnet.so.2": "library",
    }
    with zipfile.ZipFile(package.path) as archive:
        assert archive.getinfo("bin/runepanet").external_attr >> 16 == 0o100755


def test_empty_folders_are_packed(packages: PackageFolder, program: Path, tmp_path: Path):
    """Programs may look for them."""
    (program / "cases/deep").mkdir(parents=True)
    package = packages.add("epanet", "2.3.5", program)
    unpack(package.path, tmp_path / "node")
    assert (tmp_path / "node/cases/deep").is_dir()
    assert packages.add("epanet", "2.3.5", program) == package
    (program / "logs").mkdir()
    with pytest.raises(PackageError, match="is there with other content"):
        packages.add("epanet", "2.3.5", program)


def test_a_zip_file_is_copied(packages: PackageFolder, program: Path, tmp_path: Path):
    """A zip file is taken as it is."""
    zipped = packages.add("one", "1", program).path
    copy = packages.add("two", "1", zipped)
    assert copy.path.read_bytes() == zipped.read_bytes()


def test_the_same_content_may_come_again(packages: PackageFolder, program: Path):
    """Adding is idempotent, whenever the files were last touched."""
    first = packages.add("epanet", "2.3.5", program)
    os.utime(program / "bin/runepanet", (1, 1))
    assert packages.add("epanet", "2.3.5", program) == first


def test_other_content_is_refused_unless_it_replaces(packages: PackageFolder, program: Path):
    """A version never changes silently, nor does a refused package leave anything."""
    packages.add("epanet", "2.3.5", program)
    (program / "bin/runepanet").write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(PackageError) as refused:
        packages.add("epanet", "2.3.5", program)
    assert refused.value.message == "the package `epanet` 2.3.5 is there with other content"
    package = packages.add("epanet", "2.3.5", program, replace=True)
    assert content(package.path)["bin/runepanet"] == "#!/bin/sh\nexit 1\n"
    assert [path.name for path in packages.root.iterdir()] == ["epanet"]


def test_names_differ_by_more_than_case(packages: PackageFolder, program: Path):
    """As on Azure, `EPANET` is the `epanet` that is there."""
    packages.add("epanet", "2.3-b", program)
    packages.add("EPANET", "2.3-B", program)
    packages.add("Epanet", "2.4", program)
    assert [(one.application_id, one.version) for one in packages.packages()] == [
        ("epanet", "2.3-b"),
        ("epanet", "2.4"),
    ]
    assert packages.get("ePaNet", "2.3-B").version == "2.3-b"


def test_a_version_may_begin_with_a_dot(packages: PackageFolder, program: Path):
    package = packages.add("epanet", ".5", program)
    assert packages.packages() == [package]
    assert packages.get("epanet", ".5") == package
    with pytest.raises(PackageError, match="is there with other content"):
        packages.add("epanet", ".5", program / "bin")
    packages.remove("epanet", ".5")
    assert packages.packages() == []


def test_what_is_being_packed_is_no_package(packages: PackageFolder, program: Path):
    archive = packages.add("epanet", "1", program).path
    (packages.root / ".epanet-2.zip.123").write_bytes(archive.read_bytes())
    (archive.parent / ".2.upload").mkdir()
    assert [one.version for one in packages.packages()] == ["1"]


def test_removing_the_last_version_removes_the_application(packages: PackageFolder, program: Path):
    """Nothing is left of it, and a second removal says so."""
    packages.add("epanet", "2.3.5", program)
    packages.remove("epanet", "2.3.5")
    assert list(packages.root.iterdir()) == []
    with pytest.raises(PackageError, match=r"there is no package `epanet` 2\.3\.5"):
        packages.remove("epanet", "2.3.5")


@pytest.mark.parametrize(
    ("application_id", "version"),
    [("", "1"), ("a b", "1"), ("a/b", "1"), ("a" * 65, "1"), ("é", "1"), ("a.b", "1")]
    + [("a", bad) for bad in ("", ".", "..", "1/2", "1 2", "1" * 65, "ü")],
)
def test_names_that_batch_refuses(
    packages: PackageFolder, program: Path, application_id: str, version: str
):
    """Ids and versions are checked before anything is written."""
    with pytest.raises(PackageError, match="cannot be the"):
        packages.add(application_id, version, program)
    assert not packages.root.exists()


def make_zip(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "text")
    return path


def test_sources_that_cannot_be_packed(packages: PackageFolder, tmp_path: Path):
    """Each is refused with its reason, and leaves nothing."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("no archive")
    make_zip(tmp_path / "none.zip")
    make_zip(tmp_path / "escape.zip", "bin/a", "../b")
    (tmp_path / "loop").mkdir()
    (tmp_path / "loop/again").symlink_to(tmp_path / "loop")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/link").symlink_to("nowhere")
    (tmp_path / "pipes").mkdir()
    os.mkfifo(tmp_path / "pipes/one")
    reasons = {
        "absent": f"there is no file or folder `{tmp_path}/absent`",
        "empty": f"the folder `{tmp_path}/empty` holds no file to pack",
        "text.zip": f"`{tmp_path}/text.zip` is no zip file that a package can be made of by itself",
        "none.zip": f"the zip file `{tmp_path}/none.zip` holds no file",
        "escape.zip": f"the zip file `{tmp_path}/escape.zip` holds `../b`, "
        "outside of its own folder",
        "loop": f"the link `{tmp_path}/loop/again` leads back to a folder that it is in",
        "broken": f"the link `{tmp_path}/broken/link` leads to nothing",
        "pipes": f"`{tmp_path}/pipes/one` is no file and no folder",
    }
    for name, reason in reasons.items():
        with pytest.raises(PackageError) as refused:
            packages.add("one", "1", tmp_path / name)
        assert refused.value.message == reason
    assert list(packages.root.iterdir()) == []


def test_a_file_name_that_is_no_utf_8(packages: PackageFolder, tmp_path: Path):
    """As archives of old programs hold; a zip file cannot keep it."""
    (tmp_path / "old/in").mkdir(parents=True)
    Path(os.fsdecode(os.fsencode(tmp_path / "old/in") + b"/gr\xf6\xdfe.dat")).write_text("x")
    with pytest.raises(PackageError) as refused:
        packages.add("one", "1", tmp_path / "old")
    assert refused.value.message == r"the name of `in/gr\xf6\xdfe.dat` is not UTF-8"
    assert refused.value.hint == "rename it: zip files hold no other names"
    assert list(packages.root.iterdir()) == []


def test_files_may_lie_side_by_side(packages: PackageFolder, program: Path, tmp_path: Path):
    """A program and its libraries, wherever they are; a program that is a zip file stays whole."""
    (tmp_path / "lib.dll").write_text("library")
    jar = make_zip(tmp_path / "model.JAR", "Main.class")
    package = packages.add("side", "1", tmp_path / "lib.dll", jar)
    with zipfile.ZipFile(package.path) as archive:
        assert archive.namelist() == ["lib.dll", "model.JAR"]
    with zipfile.ZipFile(packages.add("jar", "1", jar).path) as archive:
        assert archive.namelist() == ["model.JAR"]


def test_files_that_cannot_lie_side_by_side(packages: PackageFolder, tmp_path: Path):
    for folder, name in (("a", "x.dll"), ("b", "X.DLL")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text("")
    one, other = tmp_path / "a/x.dll", tmp_path / "b/X.DLL"
    with pytest.raises(PackageError, match="would be the same file of a package"):
        packages.add("twins", "1", one, other)
    with pytest.raises(PackageError, match="is a folder, and a package is one folder, or files"):
        packages.add("both", "1", one, tmp_path / "b")


def test_the_versions_of_an_application_are_looked_for_in_its_own_folder(
    packages: PackageFolder, program: Path
):
    """Whatever is wrong with those of others, and however many these are."""
    added = packages.add("model", "1", program)
    packages.application("other").mkdir()
    packages.archive("other", "1").symlink_to("nowhere")
    assert packages.versions("MODEL") == [added]
