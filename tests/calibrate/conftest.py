"""A small calibration: a decay curve of two parameters, its files, and what PEST makes of them."""

from __future__ import annotations

import math
import os
import shlex
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from runfleet.agent.addresses import fixed_addresses
from runfleet.calibrate.family import Family

CONTROL = """\
pcf
* control data
restart estimation
2 3 1 1 2
1 1 double point 1 0 0
10.0 -2.0 0.3 0.03 10
10.0 10.0 0.001
0.1
8 0.005 4 4 0.005 4
1 1 1
* parameter groups
rates relative 0.01 0.0 switch 2.0 parabolic
* parameter data
start log factor 1.0 0.1 10.0 rates 1.0 0.0 1
decay log factor 0.05 1.0e-2 2.0 rates 1.0 0.0 1
* observation groups
heads
prior
* observation data
y0 3.0 1.0 heads
y1 2.336402349 1.0 heads
y2 1.819591979 0.5 heads
* model command line
model.exe
* model input/output
Model.tpl model.in
model.ins model.out
* prior information
pi1 1.0 * log(start) = 0.5 1.0 prior
++ies_num_reals(12) ies_parameter_ensemble(prior.csv)
"""

TEMPLATE = """\
ptf ~
~ start        ~
~ decay        ~
"""

INSTRUCTIONS = """\
pif @
@results@
l1 [y0]5:21
l1 w !y1!
l1 (y2)5:21
"""


def write_case(folder: Path) -> Path:
    """Write the files of a calibration that agree; capitals differ, as on Windows."""
    for name, text in {
        "case.pst": CONTROL,
        "model.tpl": TEMPLATE,
        "model.ins": INSTRUCTIONS,
        "model.exe": "a program",
        "prior.csv": "real_name,start,decay\n0,1,0.05\n",
    }.items():
        (folder / name).write_text(text)
    return folder / "case.pst"


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """The control file of a calibration whose files agree."""
    folder = tmp_path / "my case"
    folder.mkdir()
    return write_case(folder)


@pytest.fixture
def change(case: Path) -> Callable[[str, str, str], Path]:
    """Replace a text in one of the files of the calibration; the control file is returned."""

    def changed(name: str, old: str, new: str) -> Path:
        path = case.parent / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        return case

    return changed


@pytest.fixture(scope="session")
def control_text() -> str:
    """The text of the control file, to be changed by tests."""
    return CONTROL


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of the calibration, for tests that write its control file often."""
    folder = tmp_path_factory.mktemp("scratch")
    write_case(folder)
    return folder


@dataclass(frozen=True)
class Calibrated:
    """The folder of a manager of the real programs, and what it is about."""

    folder: Path
    case: str
    family: Family

    def text(self, file: str) -> str:
        """The text of one of its files."""
        return (self.folder / file).read_bytes().decode("latin-1")

    @property
    def workers(self) -> tuple[str, ...]:
        """What each of its workers has printed."""
        folders = sorted(set(self.folder.parent.iterdir()) - {self.folder})
        return tuple((folder / "stdout.txt").read_bytes().decode("latin-1") for folder in folders)


DECAY = """\
pcf
* control data
restart estimation
2 6 1 0 1
1 1 double point 1 0 0
10.0 -2.0 0.3 0.03 10
10.0 10.0 0.001
0.1
{noptmax} 0.005 4 4 0.005 4
1 1 1
* parameter groups
rates relative 0.01 0.0 switch 2.0 parabolic
* parameter data
start log factor 1.0 0.1 10.0 rates 1.0 0.0 1
decay log factor {decay} 0.01 {most} rates 1.0 0.0 1
* observation groups
heads
* observation data
{observations}
* model command line
model.exe
* model input/output
model.tpl model.in
model.ins model.out
{options}
"""

TRUE_START, TRUE_DECAY = 3.0, 0.25

# Program, iterations, beginning and upper bound, workers, options.  The model takes no decay
# above 0.5, which only the ensemble tries.
RUNS = {
    "beopest": ("beopest64", 4, (0.05, 0.5), 2, ""),
    "ies": (
        *("pestpp-ies", 1, (0.3, 2.0), 3),
        "++ies_num_reals(6) ies_lambda_mults(1.0) lambda_scale_fac(1.0) ies_subset_size(6)",
    ),
    "glm": ("pestpp-glm", 1, (0.2, 0.5), 2, "++lambdas(1.0) lambda_scale_fac(1.0)"),
    "sen": ("pestpp-sen", 1, (0.2, 0.5), 3, "++gsa_morris_r(2) gsa_morris_p(4)"),
}


@pytest.fixture(scope="session")
def calibrated(
    pest_programs: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Mapping[str, Calibrated]:
    """Calibrations that the real programs have done, each with several workers, side by side."""
    for needed in ("wine", "script", "x86_64-w64-mingw32-gcc"):
        if shutil.which(needed) is None:
            pytest.skip(f"`{needed}` is not installed; `make test` says how")
    # They take half a minute, so processes that share the tests also share them.
    base = tmp_path_factory.getbasetemp()
    root = (base if worker_id == "master" else base.parent) / "pest"
    with FileLock(f"{root}.lock"):
        if not (root / "done").exists():
            root.mkdir()
            _calibrate_all(root, pest_programs)
            (root / "done").touch()
    return {
        name: Calibrated(
            root / name / "manager", "case", Family.PEST if name == "beopest" else Family.PESTPP
        )
        for name in RUNS
    }


def _calibrate_all(root: Path, programs: Path) -> None:
    compiler = ["x86_64-w64-mingw32-gcc", "-o", root / "model.exe"]
    subprocess.run([*compiler, Path(__file__).with_name("model.c"), "-lm"], check=True)
    environment = {**os.environ, "WINEPREFIX": str(root / "prefix"), "WINEDEBUG": "-all"}
    (root / "prefix").mkdir()
    # Or else what Wine itself starts would hold the terminal of a program that has ended.
    subprocess.run(["wineserver", "-p"], env=environment, check=True)
    subprocess.run(["wineboot"], env=environment, check=True, timeout=60, stdout=subprocess.DEVNULL)
    try:
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda name: _calibrate(root, name, programs, environment), RUNS))
    finally:
        subprocess.run(["wineserver", "-k"], env=environment, check=False)


def _calibrate(root: Path, name: str, programs: Path, environment: dict[str, str]) -> None:
    program, noptmax, (decay, most), workers, options = RUNS[name]
    observations = [TRUE_START * math.exp(-TRUE_DECAY * time) for time in range(6)]
    text = DECAY.format(
        noptmax=noptmax,
        decay=decay,
        most=most,
        observations="\n".join(f"y{i} {y:.9e} 1.0 heads" for i, y in enumerate(observations)),
        options=options,
    )
    folders = [root / name / part for part in ("manager", *map(str, range(workers)))]
    for folder in folders:
        folder.mkdir(parents=True)
        shutil.copy(root / "model.exe", folder)
        (folder / "case.pst").write_text(text)
        (folder / "model.tpl").write_text(TEMPLATE)
        lines = "\n".join(f"l1 [y{i}]5:21" for i in range(6))
        (folder / "model.ins").write_text(f"pif @\n@results@\n{lines}\n")
    port = _free_port()
    switch = "/H" if program == "beopest64" else "/h"
    line = f"wine {shlex.quote(str(programs / program))}.exe case {switch}"
    manager = _start(f"{line} :{port}", folders[0], environment)
    others = [_start(f"{line} 127.0.0.1:{port}", folder, environment) for folder in folders[1:]]
    try:
        manager.wait(250)
    finally:
        for process in (manager, *others):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _start(line: str, folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    # BeoPEST wants a console; PEST++ does without, and is much faster so.
    command = ["script", "-qfec", line, "/dev/null"] if "/H" in line else shlex.split(line)
    with (folder / "stdout.txt").open("wb") as output, fixed_addresses():
        return subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
