"""What is found out of an executable by looking at it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import zipapp
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runfleet.inspection import InspectionError, Kind, Program, System, Whereabouts, inspect

WINE_32 = ("/usr/lib/i386-linux-gnu/wine", "/usr/lib/wine/i386-unix")
windows = pytest.mark.needs("x86_64-w64-mingw32-gcc")
linux = pytest.mark.needs("gcc")


def copy(folder: Path, *files: Path) -> list[Path]:
    return [Path(shutil.copy(file, folder / file.name)) for file in files]


def places(program: Program) -> dict[str, str]:
    return {library.name: library.whereabouts.value for library in program.libraries}


def messages(program: Program) -> list[str]:
    return [problem.message for problem in program.problems]


def told(path: Path) -> str | None:
    """What a file is, or what to do as it is none; the fault is always its own."""
    try:
        return inspect(path).description
    except InspectionError as error:
        return None if "cannot be read:" in error.message else error.hint


@windows
def test_a_windows_program_with_the_libraries_of_its_libraries(windows_programs: Path, tmp_path):
    program = inspect(windows_programs / "model.exe")
    assert (program.kind, program.system) == (Kind.BINARY, System.WINDOWS)
    assert program.description == "a program of Windows, 64 bit (x86-64), for the console"
    assert program.version == "2.3.5"
    assert places(program) == {
        "area.dll": "beside",
        "KERNEL32.dll": "system",
        "msvcrt.dll": "system",
        "depth.dll": "beside",
    }
    assert program.problems == ()


@windows
def test_a_library_that_is_missing_names_who_needs_it(windows_programs: Path, tmp_path: Path):
    """Names count in any case, as they do on Windows."""
    model, area = copy(tmp_path, windows_programs / "model.exe", windows_programs / "area.dll")
    area.rename(tmp_path / "AREA.DLL")
    program = inspect(model)
    assert program.found(Whereabouts.BESIDE)[0].path == tmp_path / "AREA.DLL"
    (missing,) = program.found(Whereabouts.MISSING)
    assert (missing.name, missing.needed_by) == ("depth.dll", "AREA.DLL")
    assert messages(program) == ["`depth.dll` is missing, which `AREA.DLL` needs"]


@windows
def test_a_program_with_windows_is_told(windows_programs: Path):
    (message,) = messages(inspect(windows_programs / "gui.exe"))
    assert message.startswith("it has windows of its own")


@windows
@pytest.mark.parametrize(
    ("overlay", "kind"),
    [
        (b"\0\0\0\0\xef\xbe\xad\xdeNullsoftInst", "NSIS"),
        (b"Rar!\x1a\x07\x00", "WinRAR"),
        (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    ],
)
def test_an_installer_is_told(windows_programs: Path, tmp_path: Path, overlay: bytes, kind: str):
    """By what follows the program in its file."""
    (program,) = copy(tmp_path, windows_programs / "alone.exe")
    with program.open("ab") as file:
        file.write(overlay + bytes(1000))
    found = inspect(program).problems
    assert [problem.message for problem in found] == [
        f"it is an installer ({kind}), which brings programs to a machine"
    ]


@windows
def test_an_installer_may_say_so_itself(build, windows_programs: Path):
    (windows_programs / "setup.rc").write_text(
        (windows_programs / "version.rc")
        .read_text()
        .replace('"ProductVersion", "2, 3, 5 beta"', '"FileDescription", "Model 3 Setup"')
    )
    build(
        "x86_64-w64-mingw32-windres setup.rc setup.o",
        "x86_64-w64-mingw32-gcc -s alone.c setup.o -o model-3.exe",
    )
    assert messages(inspect(windows_programs / "model-3.exe"))[0].startswith(
        "it is an installer (Setup)"
    )


@windows
def test_a_library_that_cannot_be_read_is_told(windows_programs: Path, tmp_path: Path):
    model, area, _ = copy(
        tmp_path, *(windows_programs / name for name in ("model.exe", "area.dll", "depth.dll"))
    )
    area.write_bytes(b"MZ" + bytes(200))
    assert "`area.dll` cannot be read as a library" in messages(inspect(model))


@linux
def test_a_linux_program_with_the_libraries_of_its_libraries(linux_programs: Path):
    program = inspect(linux_programs / "model")
    assert (program.kind, program.system) == (Kind.BINARY, System.LINUX)
    assert program.description == "a program of Linux, 64 bit (x86-64)"
    assert places(program) == {
        "libarea.so": "beside",
        "libc.so.6": "system",
        "libdepth.so": "beside",
    }
    assert (2, 0) < program.glibc < (2, 40)
    assert program.problems == ()


@linux
@pytest.mark.parametrize(
    ("tags", "depth"), [("--disable-new-dtags", "beside"), ("--enable-new-dtags", "missing")]
)
def test_libraries_look_where_the_program_does_with_rpath_only(
    build, linux_programs: Path, tmp_path: Path, tags: str, depth: str
):
    """With RUNPATH, as newer linkers write it, each looks for what it needs itself."""
    build(f"gcc main.c -L. -larea -Wl,-rpath-link,. -Wl,{tags},-rpath,$ORIGIN/lib -o {tmp_path}/m")
    (tmp_path / "lib").mkdir()
    copy(tmp_path / "lib", *(linux_programs / f"lib{name}.so" for name in ("area", "depth")))
    found = places(inspect(tmp_path / "m"))
    assert (found["libarea.so"], found["libdepth.so"]) == ("beside", depth)
    loader = subprocess.run(["ldd", tmp_path / "m"], capture_output=True, text=True, check=True)
    assert ("libdepth.so => not found" in loader.stdout) == (depth == "missing")


@linux
def test_a_static_program_needs_nothing(linux_programs: Path):
    for name in ("static", "static_pie"):
        program = inspect(linux_programs / name)
        assert program.description == "a program of Linux, 64 bit (x86-64), static"
        assert (program.libraries, program.glibc) == ((), ())


@linux
def test_a_program_that_may_not_be_executed_is_told(linux_programs: Path, tmp_path: Path):
    (alone,) = copy(tmp_path, linux_programs / "alone")
    alone.chmod(0o644)
    (problem,) = inspect(alone).problems
    assert problem.message == "its file is not marked as executable"
    assert problem.remedy == f"`chmod +x {alone}`"


@linux
@windows
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("area.dll", "is a library of Windows (DLL) or a driver, which is not started by itself"),
        ("libarea.so", "is a library of Linux, which is not started by itself"),
        ("alone.o", "is an object file, not linked yet"),
    ],
)
def test_what_is_no_program(windows_programs, linux_programs: Path, name: str, message: str):
    with pytest.raises(InspectionError) as refused:
        inspect(linux_programs / name)
    assert refused.value.message == f"`{linux_programs / name}` {message}"


@pytest.fixture
def launchers() -> Path:
    """Small programs for Windows of many kinds, of which distlib makes commands."""
    (distlib,) = importlib.util.find_spec("distlib").submodule_search_locations
    return Path(distlib)


@pytest.mark.parametrize(
    ("name", "description", "beginnings"),
    [
        ("t64.exe", "a program of Windows, 64 bit (x86-64), for the console", []),
        ("w64.exe", "a program of Windows, 64 bit (x86-64)", ["it has windows of its own"]),
        (
            "t64-arm.exe",
            "a program of Windows, 64 bit (ARM64), for the console",
            ["it is for processors of the kind ARM64"],
        ),
        (
            "t32.exe",
            "a program of Windows, 32 bit (x86), for the console",
            [] if any(map(os.path.isdir, WINE_32)) else ["Wine on this machine runs programs of"],
        ),
    ],
)
def test_kinds_of_windows_programs(
    launchers: Path, name: str, description: str, beginnings: list[str]
):
    program = inspect(launchers / name)
    assert (program.description, program.version) == (description, "1.1.0.14")
    found = messages(program)
    assert len(found) == len(beginnings)
    assert all(map(str.startswith, found, beginnings))


@windows
def test_a_library_of_another_width_is_told(launchers, windows_programs: Path, tmp_path: Path):
    """Of the two, Windows says no more than error 0xc000007b."""
    (model,) = copy(tmp_path, windows_programs / "model.exe")
    shutil.copy(launchers / "t32.exe", tmp_path / "area.dll")
    assert messages(inspect(model)) == ["`area.dll` is a library of 32 bit, and the program has 64"]


def dos(mark: bytes) -> bytes:
    return b"MZ" + bytes(58) + (64).to_bytes(4, "little") + mark + bytes(100)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty", b"", "is empty"),
        ("model.txt", b"1 2 3\n", "is a text, and neither its first line nor its name says"),
        ("model.F90", b"program model\n", "is the source of a program, to be compiled first"),
        ("model", b"version https://git-lfs.github.com/spec/v1\n", "is a pointer of Git LFS"),
        ("model.exe", b"\n<!DOCTYPE html><html>", "is a page of the web"),
        ("model.exe", dos(b"NE"), "is a program of 16-bit Windows"),
        ("model.exe", dos(b"LE"), "is a DOS program with a 32-bit extender"),
        ("model.exe", b"MZ", "is a DOS program, or cut off"),
        ("model.exe", dos(b"PE\0\0"), "begins as a Windows program (PE), but is cut off"),
        ("model", b"\x7fELF" + bytes(60), "begins as a Linux program (ELF), but is cut off"),
        ("model", b"\xcf\xfa\xed\xfe" + bytes(60), "is a program of macOS"),
        ("model", b"\xca\xfe\xba\xbe\0\0\0\2" + bytes(60), "is a program of macOS"),
        ("Foo.class", b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(60), "is a class of Java"),
        ("run.bat", "echo".encode("utf-16"), "is no program: it holds data"),
        ("model.pyz", b"PK\x03\x04", "is an archive, not a program"),
        ("data.bin", b"\0\1\2", "is no program: it holds data"),
        ("model.zip", b"PK\x03\x04", "is an archive, not a program"),
        ("run", b"#!\n", "names no program"),
    ],
)
def test_files_that_are_none_of_it(tmp_path: Path, name: str, content: bytes, message: str):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InspectionError) as refused:
        inspect(tmp_path / name)
    assert message in refused.value.message
    assert refused.value.hint


def test_what_is_not_there_or_no_file(tmp_path: Path):
    with pytest.raises(InspectionError, match="there is no file"):
        inspect(tmp_path / "absent")
    with pytest.raises(InspectionError, match="is a folder"):
        inspect(tmp_path)
    with pytest.raises(InspectionError, match="is no file that holds a program"):
        inspect(Path("/dev/null"))


@pytest.mark.parametrize(
    ("name", "content", "system", "interpreter", "problems"),
    [
        ("run", b"#!/bin/sh\n", "linux", "", 0),
        ("run.py", b"", "linux", "python3", 0),
        ("run.py", b"#!/usr/bin/env python3\nx", "linux", "", 0),
        ("run.py", b"#!/usr/bin/env python3\r\n", "linux", "python3", 0),
        ("run.py", b"#!/usr/bin/env -S python3 -u\r\n", "linux", "python3 -u", 0),
        ("run.py", b"#! /usr/bin/env -S A=1 python3\r\n", "linux", "env A=1 python3", 0),
        ("run.py", b"#!/usr/bin/env -Spython3 -u\r\n", "linux", "python3 -u", 0),
        ("run.py", b"#!/usr/bin/env python3 -u\n", "linux", "python3 -u", 1),
        ("run.py", b"#!/usr/bin/env -S python3 -S\r\n", "linux", "python3 -S", 0),
        ("run.py", b"#!/usr/bin/env -u P python3\n", "linux", "env -u P python3", 1),
        ("run.py", b"#!/usr/bin/env -S -u P python3\r\n", "linux", "env -u P python3", 0),
        ("run", b"#!/usr/bin/env -u\n", "linux", "env", 1),
        ("run.awk", b"#!/usr/bin/awk -f\n", "linux", "", 0),
        ("run.awk", b"#!/usr/bin/awk -f\r\n", "linux", "awk -f", 0),
        ("run.awk", b"#!/usr/bin/env -S gawk -f\n", "linux", "gawk -f", 1),
        ("run", b"#!/bin/sh\r\n", "linux", "sh", 1),
        ("run", b"#!/usr/bin/env bash\r\n", "linux", "bash", 1),
        ("run.sh", b"\xef\xbb\xbf#!/bin/bash\n", "linux", "bash", 1),
        ("run.sh", b"echo", "linux", "sh", 0),
        ("run.py", b"#!/usr/bin/python\n", "linux", "python", 1),
        ("run.R", b"print(1)", "linux", "Rscript", 1),
        ("run.BAT", b"@echo off\r\n", "windows", "", 0),
        ("run", b"#!/bin/sh\nexit\n\0\1", "linux", "", 0),
        (
            *("run.ps1", "echo ü".encode("utf-16"), "windows"),
            *("powershell -ExecutionPolicy Bypass -File", 1),
        ),
        ("run.ps1", b"echo", "windows", "powershell -ExecutionPolicy Bypass -File", 1),
    ],
)
def test_scripts(
    tmp_path: Path, name: str, content: bytes, system: str, interpreter: str, problems: int
):
    (tmp_path / name).write_bytes(content)
    program = inspect(tmp_path / name)
    assert (program.kind, program.system) == (Kind.SCRIPT, system)
    assert (program.interpreter, len(program.problems)) == (interpreter, problems)


@pytest.mark.parametrize(("first_line", "starter"), [(None, "python3"), ("/bin/python3", "")])
def test_archives_of_python(tmp_path: Path, first_line: str | None, starter: str):
    (tmp_path / "app").mkdir()
    (tmp_path / "app/__main__.py").write_text("print(1)\n")
    zipapp.create_archive(tmp_path / "app", tmp_path / "app.pyz", first_line)
    program = inspect(tmp_path / "app.pyz")
    assert (program.kind, program.interpreter) == (Kind.SCRIPT, starter)
    assert program.description == "a script for `python3`"


def test_archives_of_java(tmp_path: Path):
    for name, line in (("model.jar", "Main-Class: basin.Model\n"), ("library.jar", "")):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("META-INF/MANIFEST.MF", f"Manifest-Version: 1.0\n{line}")
    program = inspect(tmp_path / "model.jar")
    assert (program.kind, program.interpreter) == (Kind.JAR, "java -jar")
    assert messages(program) == ["plain images of Ubuntu have no `java`"]
    with pytest.raises(InspectionError, match="its manifest names no main class"):
        inspect(tmp_path / "library.jar")


@windows
@linux
@pytest.mark.parametrize("name", ["model.exe", "alone.exe", "model", "static"])
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8)), max_size=6),
    st.floats(0, 1) | st.just(1.0),
)
def test_no_wrong_byte_makes_it_fail(windows_programs, linux_programs, tmp_path, name, wrong, part):
    """Whatever a header says, there is a program with its problems, or a reason why not."""
    content = bytearray((linux_programs / name).read_bytes())
    header = 1024
    for place, new in wrong:
        start = int(place * header)
        content[start : start + len(new)] = new
    damaged = tmp_path / name
    damaged.write_bytes(content[: int(part * len(content))])
    assert told(damaged)


@windows
@linux
@pytest.mark.parametrize("name", ["model.exe", "model"])
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=200))
def test_no_wrong_byte_anywhere_makes_it_fail(
    windows_programs, linux_programs, tmp_path, name, wrong
):
    content = bytearray((linux_programs / name).read_bytes())
    for place, new in wrong:
        content[int(place * (len(content) - 1))] = new
    (tmp_path / name).write_bytes(content)
    assert told(tmp_path / name)
