"""How executables are best run."""

from __future__ import annotations

from pathlib import Path

import pytest

from runfleet.inspection import Kind, Library, Program, System, Whereabouts
from runfleet.inspection.program import Binary
from runfleet.launch.proposal import propose
from runfleet.study import PackageReference


def binary(path: Path, system: System = System.WINDOWS, *, version: str = "", **more):
    header = Binary(system, 64, "x86-64", is_program=True, **more)
    return Program(path, Kind.BINARY, system, "a program", version=version, binary=header)


def test_what_a_windows_program_is_told_may_have_backslashes(tmp_path: Path, monkeypatch):
    """As it is typed there; the study file spells inputs with slashes."""
    (tmp_path / "data").mkdir()
    for name in ("data/net 1.inp", "m.exe", "m"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    told = ["data\\net 1.inp", "x\\y", "C:\\net.inp"]
    proposal = propose(binary(tmp_path / "m.exe"), tmp_path, told)
    assert proposal.inputs[-1] == "data/net 1.inp"
    assert proposal.command.endswith(' "data\\net 1.inp" x\\y C:\\net.inp')
    assert propose(binary(tmp_path / "m", System.LINUX), tmp_path, told).inputs == ("m",)


@pytest.mark.parametrize(
    ("name", "version", "package"),
    [
        ("epanet2.exe", "2.2.0.0", "epanet2==2.2.0.0"),
        ("swat-2012.10.exe", "", "swat==2012.10"),
        ("model_v3.1.exe", "3.1.4", "model==3.1.4"),
        ("swatmf_rel230922.exe", "", "swatmf_rel230922==1.0"),
        ("my model (old).exe", "", "my-model--old==1.0"),
        ("rivière.exe", "", "riviere==1.0"),
    ],
)
def test_a_package_is_called_after_the_program(tmp_path, name: str, version: str, package: str):
    proposal = propose(binary(tmp_path / name, version=version), tmp_path / "studies")
    assert str(proposal.package) == package
    assert PackageReference.parse(package) == proposal.package
    assert proposal.command == (name if " " not in name else f'"{name}"')
    assert proposal.image == "windows-2022"


def test_programs_of_one_name_have_packages_of_their_own(tmp_path):
    for name in ("model", "model.exe"):
        (tmp_path / name).touch()
    found = [
        str(propose(binary(tmp_path / name, system), tmp_path / "studies").package)
        for name, system in (("model", System.LINUX), ("model.exe", System.WINDOWS))
    ]
    assert found == ["model==1.0", "model-exe==1.0"]


@pytest.mark.parametrize(
    ("looks_beside", "is_followed", "needed_by", "command"),
    [
        (False, False, "model", 'LD_LIBRARY_PATH="$AZ_BATCH_APP_PACKAGE_model_1_0" model'),
        (True, False, "model", "model"),
        (True, False, "libsea.so", 'LD_LIBRARY_PATH="$AZ_BATCH_APP_PACKAGE_model_1_0" model'),
        (True, True, "libsea.so", "model"),
    ],
)
def test_libraries_come_along_and_are_found(
    tmp_path: Path, looks_beside: bool, is_followed: bool, needed_by: str, command: str
):
    """A Linux program is told to look beside itself where it, or a library, would not."""
    library = Library("libnet.so", Whereabouts.BESIDE, tmp_path / "libnet.so", needed_by)
    folders = (tmp_path,) if looks_beside else ()
    program = binary(tmp_path / "model", System.LINUX, folders=folders, is_followed=is_followed)
    proposal = propose(with_libraries(program, library), tmp_path)
    assert proposal.command == command
    assert proposal.package_files == (tmp_path / "model", tmp_path / "libnet.so")


@pytest.mark.parametrize(
    ("system", "size", "command", "is_input"),
    [
        (System.WINDOWS, 1, "bin\\model.exe 5", True),
        (System.LINUX, 1, "./bin/model.exe 5", True),
        (System.WINDOWS, 30_000_000, "model.exe 5", False),
    ],
)
def test_a_small_program_that_is_one_file_is_an_input(
    tmp_path: Path, system: System, size: int, command: str, is_input: bool
):
    """A package of one file would be one step more."""
    path = tmp_path / "bin" / "model.exe"
    path.parent.mkdir()
    with path.open("wb") as file:
        file.truncate(size)
    proposal = propose(binary(path, system), tmp_path, ["5"])
    assert proposal.command == command
    assert proposal.inputs == (("bin/model.exe",) if is_input else ())
    assert (proposal.package is None) == is_input


@pytest.mark.parametrize(
    ("glibc", "image"),
    [((), "22.04"), ((2, 35), "22.04"), ((2, 36), "24.04"), ((2, 99), "24.04")],
)
def test_the_image_is_new_enough(tmp_path: Path, glibc: tuple[int, ...], image: str):
    (tmp_path / "m").touch()
    program = Program(tmp_path / "m", Kind.BINARY, System.LINUX, "a program", glibc=glibc)
    assert propose(program, tmp_path).image == f"ubuntu-{image}"


def test_scripts_are_inputs_where_they_can_be(tmp_path: Path):
    script = tmp_path / "tools" / "run model.bat"
    program = Program(script, Kind.SCRIPT, System.WINDOWS, "a batch file")
    proposal = propose(program, tmp_path)
    assert (proposal.inputs, proposal.package) == (("tools/run model.bat",), None)
    assert proposal.command == '"tools\\run model.bat"'
    elsewhere = propose(
        Program(script, Kind.SCRIPT, System.LINUX, "a script", interpreter="Rscript"),
        tmp_path / "studies",
    )
    assert elsewhere.inputs == ()
    assert elsewhere.command == "Rscript \"$AZ_BATCH_APP_PACKAGE_run_model_1_0\"/'run model.bat'"


def test_files_that_the_program_is_told_of_are_inputs(tmp_path: Path, monkeypatch):
    """Their paths are those within a run, wherever the user is."""
    study = tmp_path / "my studies"
    (study / "data").mkdir(parents=True)
    (study / "data" / "a b.inp").touch()
    (tmp_path / "c.inp").touch()
    monkeypatch.chdir(study / "data")
    told = ["a b.inp", "../../c.inp", "-n", "4", "out.rpt", "x" * 5000]
    for system, command in (
        (System.WINDOWS, 'm.exe "data/a b.inp"'),
        (System.LINUX, "m.exe 'data/a b.inp'"),
    ):
        proposal = propose(binary(tmp_path / "m.exe", system), study, told)
        assert proposal.command == f"{command} ../../c.inp -n 4 out.rpt {'x' * 5000}"
        assert proposal.inputs == ("data/a b.inp",)
        assert proposal.outside == ("../../c.inp",)


def with_libraries(program: Program, *libraries: Library) -> Program:
    return Program(
        program.path,
        program.kind,
        program.system,
        program.description,
        binary=program.binary,
        libraries=libraries,
    )
