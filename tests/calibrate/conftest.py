"""A small calibration: a decay curve of two parameters, and files for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

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
decay log factor 0.05 1.0d-2 2.0 rates 1.0 0.0 1
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
