"""Executables that another program runs: scripts, batch files, archives of Java and Python."""

from __future__ import annotations

import re
import shlex
import zipfile
from collections.abc import Iterator
from pathlib import Path

from runfleet.inspection.errors import InspectionError
from runfleet.inspection.first_lines import FirstLine
from runfleet.inspection.program import Kind, Problem, Program, System

_ZIPAPP = ".pyz"
_INTERPRETERS = {
    ".py": "python3",
    ".sh": "sh",
    ".bash": "bash",
    ".awk": "awk -f",
    ".pl": "perl",
    ".r": "Rscript",
    ".jl": "julia",
    _ZIPAPP: "python3",
}
_BATCH = (".bat", ".cmd")
_SOURCES = re.compile(r"\.(c|cc|cpp|cxx|cs|f|for|ftn|f77|f9\d|f0\d|go|java|pas|rs)")
_ON_NODES = re.compile(r"(ba|da)?sh|python3|perl|awk|sed")
# To others, such as Python, Perl and awk, the line ends of Windows are blanks.
_SHELLS = re.compile(r"(ba|da|k|z)?sh")
_BOM = b"\xef\xbb\xbf"
_NOT_PROGRAMS = {
    b"version https://git-lfs": (
        "a pointer of Git LFS, not the file itself",
        "call `git lfs pull`",
    ),
    b"<!doctype html": ("a page of the web", "download the program itself"),
    b"<html": ("a page of the web", "download the program itself"),
}


def read_script(path: Path, head: bytes) -> Program:
    """
    Tell how a text is run, by its first line or its name.

    Parameters
    ----------
    path
        The file.
    head
        How it begins.

    Raises
    ------
    InspectionError
        If nothing says so.
    """
    suffix = path.suffix.lower()
    _refuse_other_texts(path, head)
    if suffix in _BATCH:
        return Program(path, Kind.SCRIPT, System.WINDOWS, "a batch file for Windows")
    if suffix == ".ps1":
        starts = "powershell -ExecutionPolicy Bypass -File"
        about = "a PowerShell script for Windows"
        problem = Problem("Wine has no PowerShell: it runs on Azure only", "write a batch file")
        return Program(
            path, Kind.SCRIPT, System.WINDOWS, about, interpreter=starts, problems=(problem,)
        )
    if head.removeprefix(_BOM).startswith(b"#!"):
        return _with_first_line(path, head)
    if suffix in _INTERPRETERS:
        return _for(path, _INTERPRETERS[suffix], Kind.SCRIPT)
    if _SOURCES.fullmatch(suffix):
        raise InspectionError(
            f"`{path}` is the source of a program, to be compiled first",
            hint="compile it, and name the program that comes of it",
        )
    raise InspectionError(
        f"`{path}` is a text, and neither its first line nor its name says what runs it",
        hint="begin a script with a line such as `#!/bin/sh`, or name the program that reads this "
        "file",
    )


def read_archive(path: Path) -> Program:
    """
    Tell whether an archive of Java or Python can be started.

    Raises
    ------
    InspectionError
        If it is another zip file.
    """
    is_of_python = path.suffix.lower() == _ZIPAPP
    member = "__main__.py" if is_of_python else "META-INF/MANIFEST.MF"
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as file:
            text = file.read(1 << 16)
    except Exception as error:
        # Encrypted, damaged or without a manifest: `zipfile` has an exception for each.
        raise InspectionError(
            f"`{path}` is an archive, not a program",
            hint="unpack it and name the program in it; as it is, `runfleet package add` takes it",
        ) from error
    if is_of_python:
        return _for(path, _INTERPRETERS[_ZIPAPP], Kind.SCRIPT)
    if b"Main-Class:" not in text:
        raise InspectionError(
            f"`{path}` is a library of Java: its manifest names no main class",
            hint="name the JAR file that is started with `java -jar`",
        )
    return _for(path, "java -jar", Kind.JAR)


def _refuse_other_texts(path: Path, head: bytes) -> None:
    if not head and path.suffix.lower() not in {*_INTERPRETERS, *_BATCH}:
        raise InspectionError(f"`{path}` is empty", hint="copy it again")
    for mark, (what, remedy) in _NOT_PROGRAMS.items():
        if head.lstrip().lower().startswith(mark):
            raise InspectionError(f"`{path}` is {what}", hint=remedy)


def _with_first_line(path: Path, head: bytes) -> Program:
    text = head.removeprefix(_BOM).partition(b"\n")[0][2:].decode(errors="replace")
    line = FirstLine.read(text)
    if not line.program:
        raise InspectionError(
            f"the first line of `{path}` names no program", hint="write `#!/bin/sh`, for example"
        )
    problems = [*_first_line_problems(path, head, line), *_missing(line.program)]
    starts_itself = not problems and not _ends_as_on_windows(head)
    return Program(
        path,
        Kind.SCRIPT,
        System.LINUX,
        f"a script for `{line.program}`",
        interpreter="" if starts_itself else line.command,
        problems=tuple(problems),
    )


def _first_line_problems(path: Path, head: bytes, line: FirstLine) -> Iterator[Problem]:
    quoted, interpreter = shlex.quote(path.name), line.program
    if not line.is_split:
        message = "Linux takes all that follows `env` in its first line for one word"
        command = line.command.removeprefix("env ")
        yield Problem(message, f"write `#!/usr/bin/env -S {command}`")
    if head.startswith(_BOM):
        message = "a byte order mark stands before its first line, which Linux does not take"
        yield Problem(message, f"remove it: `sed -i '1s/^\\xef\\xbb\\xbf//' {quoted}`")
    if _ends_as_on_windows(head) and _SHELLS.fullmatch(interpreter):
        message = f"its lines end as on Windows, which `{interpreter}` takes for a part of commands"
        yield Problem(message, f"convert it: `sed -i 's/\\r$//' {quoted}`")


def _ends_as_on_windows(head: bytes) -> bool:
    """Tell whether Linux would look for an interpreter whose name ends with a carriage return."""
    return head.partition(b"\n")[0].endswith(b"\r")


def _for(path: Path, interpreter: str, kind: Kind) -> Program:
    what = "a Java program" if kind is Kind.JAR else f"a script for `{interpreter}`"
    problems = tuple(_missing(interpreter))
    return Program(path, kind, System.LINUX, what, interpreter=interpreter, problems=problems)


def _missing(interpreter: str) -> Iterator[Problem]:
    name = interpreter.partition(" ")[0]
    if not _ON_NODES.fullmatch(name):
        remedy = "bring it as an application package, or by the start task of a pool made for it"
        if name == "python":
            remedy = "name `python3` in its first line"
        yield Problem(f"plain images of Ubuntu have no `{name}`", remedy)
