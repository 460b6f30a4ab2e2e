"""What the pages show is what happens: their files are written, their commands carried out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w+) *(.*)\n((?s:.*?))^```$", re.MULTILINE)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

RunCommand = Callable[..., "CompletedProcess[str]"]


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its language, the file that it is, and its text."""

    language: str
    file: str
    text: str


@dataclass(frozen=True)
class Command:
    """A line after `$ `, and what the page says it prints; `...` stands for anything."""

    line: str
    printed: str

    def matches(self, text: str) -> bool:
        pattern = ".*?".join(re.escape(part.strip()) for part in self.printed.split("..."))
        return re.fullmatch(pattern.strip() or ".*", text.strip(), re.DOTALL) is not None


def blocks_of(page: Path) -> list[Block]:
    return [Block(*match.groups()) for match in BLOCK.finditer(page.read_text(encoding="utf-8"))]


def commands_of(block: Block) -> Iterator[Command]:
    for part in re.split(r"(?m)^\$ ", block.text)[1:]:
        line, _, printed = part.partition("\n")
        yield Command(line, printed)


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A shell's environment in which `runfleet` is found and has a home of its own."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    home = str(tmp_path / "home")
    environment = {**os.environ, "PATH": path, "RUNFLEET_HOME": home, "NO_COLOR": "1"}
    yield environment | {"COLUMNS": "100"}
    subprocess.run(["runfleet", "emulator", "stop"], env=environment, capture_output=True)


def carry_out(command: Command, folder: Path, environment: dict[str, str]) -> None:
    """Type the line, and compare what is printed."""
    done = subprocess.run(
        command.line,
        shell=True,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if not command.matches(done.stdout):
        pytest.fail(
            f"the page shows something else:\n$ {command.line}\n{done.stdout}", pytrace=False
        )


@pytest.mark.parametrize("page", ["first-study.md", "commands.md", "faults.md", "azure.md"])
def test_typed_along(page: str, tmp_path: Path, environment: dict[str, str]) -> None:
    """The tutorial and the reference of the commands, from the first line to the last."""
    type_along(page, tmp_path, environment)


def test_mpi_typed_along(mpich: str, tmp_path: Path, environment: dict[str, str]) -> None:
    """The page about MPI, with one on the PATH."""
    path = f"{mpich}{os.pathsep}{environment['PATH']}"
    type_along("mpi.md", tmp_path, {**environment, "PATH": path})


@pytest.mark.needs("wine", "x86_64-w64-mingw32-gcc")
def test_windows_typed_along(tmp_path: Path, environment: dict[str, str]) -> None:
    """The page about programs for Windows: a sweep of one, compiled for it."""
    type_along("windows.md", tmp_path, environment)


def type_along(page: str, tmp_path: Path, environment: dict[str, str]) -> None:
    folder = tmp_path / "first study"
    folder.mkdir()
    for block in blocks_of(ROOT / "docs" / page):
        if block.file:
            (folder / block.file).write_text(block.text, encoding="utf-8")
        for command in commands_of(block):
            carry_out(command, folder, environment)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file or folder of the repository."""
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]


def test_the_study_of_the_readme_is_one(tmp_path: Path, runfleet: RunCommand) -> None:
    """The study that the README begins with can be planned."""
    (study,) = (block for block in blocks_of(ROOT / "README.md") if block.language == "yaml")
    (tmp_path / "study.yaml").write_text(study.text, encoding="utf-8")
    (tmp_path / "net1.inp.j2").write_text("{{ ROUGHNESS }} {{ DEMAND }}", encoding="utf-8")
    assert not runfleet(
        "package", "add", "epanet", "2.3.5", "study.yaml", folder=tmp_path
    ).returncode
    planned = runfleet("plan", "study.yaml", folder=tmp_path)
    assert "net1-roughness, 300 runs" in planned.stdout, planned.stderr


def test_python_blocks_compile() -> None:
    """No page shows Python that is not Python."""
    for page in PAGES:
        for block in blocks_of(page):
            if block.language == "python":
                compile(block.text, f"{page.name}: {block.file}", "exec")
