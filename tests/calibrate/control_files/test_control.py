"""Control files are read as PEST reads them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pyemu
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runfleet.calibrate.control_files.checking import check
from runfleet.calibrate.control_files.control import read_control
from runfleet.calibrate.control_files.problems import ControlError

Change = Callable[[str, str, str], Path]

SVD_ASSIST = "* svd assist\nbase.pst\nbase.jco\n0 1 0 1 0\n* parameter groups"


def test_a_control_file_of_the_first_version(case: Path) -> None:
    """What PEST is asked for: names in any case."""
    control = read_control(case)
    start, decay = control.parameters
    assert (control.case, control.version, control.noptmax) == ("case", 1, 8)
    assert (start.name, start.transform, start.initial, start.upper) == ("start", "log", 1.0, 10.0)
    assert (decay.lower, decay.group, decay.place.line) == (0.01, "rates", 15)
    assert [observation.weight for observation in control.observations] == [1.0, 1.0, 0.5]
    assert [pair.pest_file for pair in control.templates] == ["Model.tpl"]
    assert [pair.model_file for pair in control.instructions] == ["model.out"]
    assert [row.text for row in control.commands] == ["model.exe"]
    assert " ".join(control.prior[0].words) == "1.0 * log(start) = 0.5 1.0 prior"
    assert control.options["ies_num_reals"] == "12"
    assert control.is_restartable


@pytest.mark.parametrize("text", ["1.0d-2", "1.0-2", "1-2", ".1-1", "1.E-02", "0.1q-1", "10D-3"])
def test_numbers_as_fortran_reads_them(change: Change, text: str) -> None:
    """An exponent with a sign needs no letter."""
    control = read_control(change("case.pst", "1.0e-2", text))
    assert control.parameters[1].lower == pytest.approx(0.01)


def test_what_has_to_be_on_the_nodes(case: Path) -> None:
    """Files that are really there, as they are really called; options name some, too."""
    assert [path.name for path in read_control(case).files] == [
        "case.pst",
        "model.tpl",
        "model.ins",
        "model.exe",
        "prior.csv",
    ]


def test_what_scripts_and_groups_name_has_to_be_there_too(change: Change) -> None:
    """A script brings its programs and their files, but nothing that the model makes."""
    change("case.pst", "* model command line\nmodel.exe", "* model command line\ndo.bat %1")
    case = change("case.pst", "heads\nprior", "heads heads.cov\nprior 0.1 Prior.cov")
    for name, text in {
        "do.bat": '@echo off\r\ncopy "in put.txt" x.txt>nul\r\n@call %~dp0step2 >model.out\r\n',
        "step2.cmd": "model -i do.bat\r\ntype missing.txt;model.in",
        "in put.txt": "",
        "model.in": "made by PEST from the template",
        "model.out": "left by an earlier run",
        "heads.cov": "START COVARIANCE_MATRIX",
        "prior.cov": "",
    }.items():
        (case.parent / name).write_text(text)
    assert {path.name for path in read_control(case).files} == {
        *("case.pst", "model.tpl", "model.ins", "prior.csv", "heads.cov", "prior.cov"),
        *("do.bat", "in put.txt", "step2.cmd", "model.exe"),
    }


def test_lists_of_matrices_bring_them(change: Change) -> None:
    """The files of uncertainties that PEST's utilities write name others."""
    case = change("case.pst", "++ies_num_reals(12)", "++parcov(prior.unc) ++ies_num_reals(12)")
    (case.parent / "prior.unc").write_text("START COVARIANCE_MATRIX\n file rates.mat\nEND\n")
    (case.parent / "rates.mat").write_text("")
    assert {"prior.unc", "rates.mat"} <= {path.name for path in read_control(case).files}


def test_svd_assist_brings_what_super_parameters_are_made_of(change: Change) -> None:
    """Also the templates of the base case, which PARCALC fills in where the model runs."""
    case = change("case.pst", "* parameter groups", SVD_ASSIST)
    base = case.read_text().replace("Model.tpl", "base.tpl")
    for name, text in {"Base.pst": base, "base.jco": "", "base.tpl": "ptf ~\n"}.items():
        (case.parent / name).write_text(text)
    names = {path.name for path in read_control(case).files}
    assert {"Base.pst", "base.jco", "base.tpl", "model.tpl"} <= names
    (case.parent / "Base.pst").write_text("no control file")
    assert "Base.pst" in {path.name for path in read_control(case).files}


def test_what_editors_of_dos_end_a_file_with(case: Path) -> None:
    for name in ("case.pst", "model.ins"):
        path = case.parent / name
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n") + b"\x1a")
    assert check(read_control(case)) == ()


def test_the_folders_of_the_models_own_files(change: Change) -> None:
    """They may be empty, so that nothing else would make them on a node."""
    change("case.pst", "Model.tpl model.in", "Model.tpl In\\a\\model.in")
    control = read_control(change("case.pst", "model.ins model.out", "model.ins out/model.out"))
    assert control.model_folders == (PurePosixPath("In/a"), PurePosixPath("out"))


def test_tables_in_files_of_their_own(case: Path) -> None:
    """The second version: keywords, tables as CSV, which may be in a folder."""
    folder = case.parent
    (folder / "data").mkdir()
    (folder / "data" / "Parameters.csv").write_text(
        "parnme,partrans,parchglim,parval1,parlbnd,parubnd,pargp\n"
        "Start,log,factor,1,0.1,10,rates\nlate,tied,factor,2,0.1,10,rates\n"
    )
    (folder / "heads.txt").write_text("name value weight group\ny0 3.0 M heads\n".replace("M", "2"))
    case.write_text(
        "pcf version=2\n# by hand\n* control data keyword\nnoptmax 3\npestmode regularization\n"
        "ies_num_reals 20\n* parameter data external\ndata\\parameters.csv\n"
        "* tied parameters data\nlate start\n* observation data external\n"
        "heads.txt sep w missing_values -999\n* model command line\n"
        'cmd /c "my model.bat" # the old one\n* model input\n"Model.tpl" "a model.in"\n'
        "* model output\nmodel.ins model.out\n"
    )
    (folder / "my model.bat").write_text("model.exe\n")
    control = read_control(case)
    start, late = control.parameters
    assert (control.version, control.noptmax, control.mode) == (2, 3, "regularisation")
    assert (start.name, late.tied_to) == ("start", "start")
    assert (start.place.file, start.place.line) == (folder / "data/parameters.csv", 2)
    assert control.observations[0].weight == 2.0
    assert control.templates[0].model_file == "a model.in"
    assert control.options == {"ies_num_reals": "20"}
    found = {path.relative_to(folder).as_posix() for path in control.files}
    assert found >= {"data/Parameters.csv", "heads.txt", "my model.bat", "model.tpl"}


def test_tied_parameters_of_the_first_version(change: Change) -> None:
    """Lines at the end of the parameters name the partners."""
    rows = "decay tied factor 0.05 1.0e-2 2.0 rates 1.0 0.0 1\ndecay START"
    control = read_control(
        change("case.pst", "decay log factor 0.05 1.0e-2 2.0 rates 1.0 0.0 1", rows)
    )
    assert [parameter.tied_to for parameter in control.parameters] == [None, "start"]
    assert [parameter.name for parameter in control.adjustable] == ["start"]


def test_prior_information_over_several_lines(change: Change) -> None:
    """Lines that begin with `&` go on with the one before."""
    control = read_control(change("case.pst", "log(start) = 0.5", "log(start)\n& = 0.5"))
    assert " ".join(control.prior[0].words) == "1.0 * log(start) = 0.5 1.0 prior"


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        (
            "pcf\n",
            "pst\n",
            "case.pst:1: a control file begins with `pcf`, and this one with `pst`",
            "name PEST's control file, CASE.pst",
        ),
        (
            "* parameter data",
            "* paramter data",
            "case.pst:13: `* paramter data` is no section that PEST knows",
            "write `* parameter data`",
        ),
        (
            "* observation groups",
            "* parameter data",
            "case.pst:16: the section `* parameter data` is there twice, first in line 13",
            "leave one of them out",
        ),
        (
            "0.05 1.0e-2",
            "0,05 1.0e-2",
            "case.pst:15: `0,05` is no number, but should be `PARVAL1`",
            "write a number there; are the columns in order?",
        ),
        (
            "start log factor 1.0",
            "start log factor 1e999",
            "case.pst:14: `1e999`, the `PARVAL1`, is too large for a number of a computer",
            "write a smaller number",
        ),
        (
            "decay log factor 0.05",
            "decay factor log 0.05",
            "case.pst:15: `factor` is no transformation of a parameter",
            "write one of `none`, `log`, `fixed` and `tied`",
        ),
        (
            "decay log factor 0.05",
            "decay log",
            "case.pst:15: a parameter has 9 columns, and here are 8",
            "write PARNME PARTRANS PARCHGLIM PARVAL1 PARLBND PARUBND PARGP SCALE OFFSET",
        ),
        (
            "y1 2.336402349 1.0 heads",
            "y1 2.336402349",
            "case.pst:21: an observation has 4 columns, and here are 2",
            "write OBSNME OBSVAL WEIGHT OBGNME",
        ),
        (
            "start log",
            "start lgo",
            "case.pst:14: `lgo` is no transformation of a parameter",
            "write one of `none`, `log`, `fixed` and `tied`",
        ),
        (
            "8 0.005",
            "eight 0.005",
            "case.pst:9: `eight` is no whole number, but should be `NOPTMAX`",
            "write a whole number there; are the lines in order?",
        ),
        (
            "\n1 1 double",
            "\n2 1 double",
            (
                "case.pst:5: here 2 template and 1 instruction files are announced, and "
                "`* model input/output` has 2 lines"
            ),
            "mend `NTPLFLE` and `NINSFLE`, or add what is missing",
        ),
        (
            "restart estimation",
            "restart estimate",
            "case.pst:3: `estimate` is no mode",
            "write one of `estimation`, `prediction`, `regularisation` and `pareto`",
        ),
        (
            "ies_num_reals(12)",
            "ies_num_reals(12",
            "case.pst:30: `ies_num_reals(12 ies_parameter_ensemble(` is not an option",
            "write each option as `++name(value)`",
        ),
    ],
)
def test_what_is_not_a_control_file(
    change: Change, old: str, new: str, message: str, hint: str
) -> None:
    """The place is named, what stands there, and what should."""
    case = change("case.pst", old, new)
    with pytest.raises(ControlError) as caught:
        read_control(case)
    assert caught.value.message == f"{case.parent}/{message}"
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", ": the file is empty"),
        (b"pcf\n* control data\n", ": the section `* parameter data` is missing"),
        (b"MZ\x90\0\x03", ": the control file is no text: it holds null characters"),
        (None, ": the control file cannot be read: No such file or directory"),
    ],
)
def test_what_is_no_text_or_cut_off(case: Path, content: bytes | None, message: str) -> None:
    """Empty, truncated, binary and missing files."""
    case.unlink()
    if content is not None:
        case.write_bytes(content)
    with pytest.raises(ControlError) as caught:
        read_control(case)
    assert caught.value.message == f"{case}{message}"


def test_an_old_encoding_in_a_comment_does_no_harm(case: Path) -> None:
    """Files of Windows are seldom in UTF-8, and end their lines with two characters."""
    text = case.read_text().replace("pcf\n", "pcf\n# Durchl\xe4ssigkeit\n").replace("\n", "\r\n")
    case.write_bytes(text.encode("latin-1"))
    assert len(read_control(case).parameters) == 2


NAMES = st.lists(
    st.text("abcdefghijklmnopqrstuvwxyz_0123456789", min_size=1, max_size=12),
    min_size=1,
    max_size=6,
    unique=True,
)


@settings(deadline=None, max_examples=25)
@given(parameters=NAMES, observations=NAMES, version=st.sampled_from([1, 2]))
def test_pyemu_and_we_understand_the_same(
    scratch: Path, parameters: list[str], observations: list[str], version: int
) -> None:
    """What pyemu writes, in either version, has the same values for us."""
    pst = pyemu.Pst.from_par_obs_names(parameters, observations)
    pst.parameter_data["parval1"] = [10.0 ** -(i % 4) for i in range(len(parameters))]
    pst.observation_data["obsval"] = [1e10 * i for i in range(len(observations))]
    pst.control_data.noptmax = -2
    pst.model_command = ["model.exe one two"]
    pst.write(str(scratch / "same.pst"), version=version)
    control = read_control(scratch / "same.pst")
    assert control.version == version
    assert control.noptmax == -2
    assert [p.name for p in control.parameters] == list(pst.parameter_data["parnme"])
    assert [p.initial for p in control.parameters] == list(pst.parameter_data["parval1"])
    assert [o.value for o in control.observations] == list(pst.observation_data["obsval"])
    assert [o.group for o in control.observations] == list(pst.observation_data["obgnme"])
    assert control.commands[0].text == "model.exe one two"


@settings(deadline=None, max_examples=400)
@given(data=st.data())
def test_a_damaged_control_file_is_an_error_with_a_hint(
    scratch: Path, control_text: str, data: st.DataObject
) -> None:
    """Whatever is cut out of it or put into it: no traceback."""
    start = data.draw(st.integers(0, len(control_text)))
    end = data.draw(st.integers(start, min(start + 200, len(control_text))))
    inserted = data.draw(st.one_of(st.text(max_size=20), st.sampled_from(["*", "++", "\n", '"'])))
    damaged = scratch / "damaged.pst"
    text = control_text[:start] + inserted + control_text[end:]
    damaged.write_text(text, encoding="utf-8", errors="surrogatepass")
    try:
        hints = [problem.hint for problem in check(read_control(damaged))]
    except ControlError as error:
        hints = [error.hint or ""]
    assert all(hints)
