"""Programs compiled for the tests, once."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

MAIN = """\
int area(int);
int main(void) { return area(0); }
"""
AREA = "int depth(int); int area(int n) { return depth(n) * 2; }\n"
DEPTH = "int depth(int n) { return n + 1; }\n"
VERSION = """\
1 VERSIONINFO
FILEVERSION 2,3,5,0
PRODUCTVERSION 2,3,5,0
BEGIN
  BLOCK "StringFileInfo"
  BEGIN
    BLOCK "040904E4"
    BEGIN
      VALUE "ProductVersion", "2, 3, 5 beta"
    END
  END
END
"""

Compile = Callable[..., None]


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sources")
    texts = {"main.c": MAIN, "area.c": AREA, "depth.c": DEPTH, "version.rc": VERSION}
    for name, text in {**texts, "alone.c": "int main(void) { return 0; }\n"}.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="session")
def build(sources: Path) -> Compile:
    """Carry out compilers in the folder of the sources: one line each."""

    def run(*lines: str) -> None:
        for line in lines:
            subprocess.run(line.split(), cwd=sources, check=True)

    return run


@pytest.fixture(scope="session")
def windows_programs(sources: Path, build: Compile) -> Path:
    """`model.exe`, which needs `area.dll`, which needs `depth.dll`; `gui.exe`; `alone.exe`."""
    gcc = "x86_64-w64-mingw32-gcc"
    build(
        f"{gcc} -shared depth.c -o depth.dll",
        f"{gcc} -shared area.c depth.dll -o area.dll",
        "x86_64-w64-mingw32-windres version.rc version.o",
        f"{gcc} main.c area.dll version.o -o model.exe",
        f"{gcc} -mwindows alone.c -o gui.exe",
        f"{gcc} -s alone.c -o alone.exe",
    )
    return sources


@pytest.fixture(scope="session")
def linux_programs(sources: Path, build: Compile) -> Path:
    """`model`, which needs `libarea.so`, which needs `libdepth.so`; `static`; `alone`."""
    build(
        "gcc -shared -fPIC depth.c -o libdepth.so",
        "gcc -shared -fPIC area.c -L. -ldepth -o libarea.so",
        "gcc main.c -L. -larea -Wl,-rpath-link,. -o model",
        "gcc main.c -L. -larea -Wl,-rpath-link,. -Wl,-rpath,$ORIGIN -o with_origin",
        "gcc -static alone.c -o static",
        "gcc -static-pie alone.c -o static_pie",
        "gcc -s alone.c -o alone",
        "gcc -c alone.c -o alone.o",
    )
    return sources
