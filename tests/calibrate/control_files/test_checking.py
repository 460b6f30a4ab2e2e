"""Control, template and instruction files that do not agree are found before PEST finds out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runfleet.calibrate.control_files.checking import check
from runfleet.calibrate.control_files.control import read_control

Change = Callable[[str, str, str], Path]

CUT = "start log factor 1.0 0.1 10.0"
SVD_ASSIST = "* svd assist\nbase.pst\nbase.jco\n0 1 0 1 0\n* parameter groups"


def test_files_that_agree(case: Path) -> None:
    """Nothing to complain about, on Windows, where capitals do not matter."""
    assert check(read_control(case)) == ()


def test_templates_that_write_the_same_file(change: Change) -> None:
    """The programs do so without a word; on Linux, names that differ in case are two files."""
    change("case.pst", "1 1 double", "2 1 double")
    case = change("case.pst", "Model.tpl model.in\n", "Model.tpl model.in\nmodel.tpl .\\MODEL.in\n")
    [problem] = check(read_control(case), is_pestpp=True)
    assert str(problem) == (
        f"{case}:27: `model.tpl` writes the model's file `.\\MODEL.in`, and so does `Model.tpl` in "
        "line 26: only one of them stays"
    )
    assert problem.hint == "give each a file of its own, or put both into one template"
    assert not problem.is_error
    on_linux = check(read_control(case), is_pestpp=True, is_windows=False)
    assert not any("and so does" in str(problem) for problem in on_linux)


@pytest.mark.parametrize(
    ("file", "old", "new", "message", "hint"),
    [
        (
            "case.pst",
            "\n2 3 1 1 2",
            "\n2 4 1 1 2",
            "case.pst:4: `NOBS` announces 4 observations, and there are 3",
            "write 3 there, if nothing is missing below",
        ),
        (
            "case.pst",
            CUT,
            "start log factor 11 0.1 10.0",
            "case.pst:14: the initial value of `start`, 11, is not between 0.1 and 10",
            "mend the value or the bounds",
        ),
        (
            "case.pst",
            CUT,
            "start log factor 1.0 10.0 0.1",
            "case.pst:14: the bounds of `start`, 10 and 0.1, leave it no room",
            "write the lower bound before the upper one",
        ),
        (
            "case.pst",
            CUT,
            "start log factor 1.0 -5 10.0",
            "case.pst:14: `start` is log-transformed and may be -5",
            "make value and bounds positive, or write `none` for `log`",
        ),
        (
            "case.pst",
            "10.0 rates",
            "10.0 rate",
            "case.pst:14: parameter `start` is of group `rate`, which is not there",
            "did you mean `rates`?",
        ),
        (
            "case.pst",
            "0.5 heads",
            "0.5 haeds",
            "case.pst:22: `y2` is of group `haeds`, which is not there",
            "did you mean `heads`?",
        ),
        (
            "case.pst",
            "y2 1.819591979 0.5",
            "y1 1.819591979 0.5",
            "case.pst:22: observation `y1` is there twice, first in line 21",
            "give each a name of its own",
        ),
        (
            "case.pst",
            "log(start)",
            "log(strat)",
            "case.pst:29: `strat` in the prior information `pi1` is not adjustable",
            "did you mean `start`?",
        ),
        (
            "case.pst",
            "model.exe\n",
            "model.exe\nmodel.exe b\n",
            "case.pst:25: PEST carries out the first command, and this one never: `model.exe b`",
            "write the commands into a batch file, and name that",
        ),
        (
            "case.pst",
            "point 1 0 0",
            "point 2 0 0",
            "case.pst:5: `NUMCOM` announces 2 commands of the model, and there is 1",
            "write 1 there, or the missing commands below `* model command line`",
        ),
        (
            "case.pst",
            "start log factor 1.0 0.1 10.0",
            "start none relative 0.0 -1.0 10.0",
            (
                "case.pst:14: `start` begins at 0, and the increments of its group `rates` are "
                "relative to that: 0, too"
            ),
            "write a `DERINCLB` above 0 for the group, `absolute` for `relative`, or another value",
        ),
        (
            "case.pst",
            "Model.tpl model.in\n",
            "Model.tpl .\\model.TPL\n",
            "case.pst:26: the model's file `.\\model.TPL` is `Model.tpl` itself, which is lost",
            "give the model's file another name",
        ),
        (
            "case.pst",
            "model.ins model.out",
            "model.ins model.ins",
            "case.pst:27: the model's file `model.ins` is `model.ins` itself, which is lost",
            "give the model's file another name",
        ),
        (
            "case.pst",
            "model.ins model.out",
            "model.ins case.pst",
            "case.pst:27: the model's file `case.pst` is `case.pst` itself, which is lost",
            "give the model's file another name",
        ),
        (
            "case.pst",
            "model.ins model.out",
            "model.ins MODEL.in",
            (
                "case.pst:27: `model.ins` reads `MODEL.in`, which `Model.tpl` in line 26 writes: "
                "PEST removes it before the model runs"
            ),
            "name a file that the model writes, or have it write a copy",
        ),
        (
            "case.pst",
            "model.exe",
            "modl.exe",
            "case.pst:24: the program `modl.exe` of the model is not beside the control file",
            "put it there, add it to `inputs`, or name the package that brings it in `packages`",
        ),
        (
            "case.pst",
            "model.exe",
            "C:\\model\\model.exe",
            (
                "case.pst:24: the program `C:\\model\\model.exe` lies outside of the folder of the "
                "control file"
            ),
            "put it into the folder, or bring it by a package and write its name alone",
        ),
        (
            "case.pst",
            "model.out",
            "..\\model.out",
            "case.pst:27: `..\\model.out` lies outside of the folder of the control file",
            (
                "each worker has a copy of that folder alone: put the file into it, and name it "
                "from there"
            ),
        ),
        (
            "case.pst",
            "Model.tpl",
            "modell.tpl",
            "case.pst:26: there is no template file `modell.tpl` beside the control file",
            "put it there, or mend its name",
        ),
        (
            "case.pst",
            "heads\n",
            "heads heads.cov\n",
            "case.pst:17: there is no covariance matrix `heads.cov` beside the control file",
            "put it there, or mend its name",
        ),
        (
            "case.pst",
            "heads\n",
            "heads 0.1 ..\\heads.cov\n",
            "case.pst:17: `..\\heads.cov` lies outside of the folder of the control file",
            (
                "each worker has a copy of that folder alone: put the file into it, and name it "
                "from there"
            ),
        ),
        (
            "case.pst",
            "* parameter groups",
            SVD_ASSIST,
            "case.pst:12: there is no base control file `base.pst` beside the control file",
            "put it there, or mend its name",
        ),
        (
            "case.pst",
            "* parameter groups",
            SVD_ASSIST,
            "case.pst:13: there is no base Jacobian `base.jco` beside the control file",
            "put it there, or mend its name",
        ),
        (
            "case.pst",
            "++ies_num_reals",
            "++parcov_filename(rates.cov) ies_num_reals",
            (
                "case.pst:30: there is no file `rates.cov` beside the control file, which "
                "`parcov_filename` names"
            ),
            "put it there, mend its name, or remove the option",
        ),
        (
            "case.pst",
            "prior.csv",
            "priors.csv",
            (
                "case.pst:30: there is no file `priors.csv` beside the control file, which "
                "`ies_parameter_ensemble` names"
            ),
            "put it there, mend its name, or remove the option",
        ),
        (
            "model.tpl",
            "~ decay        ~",
            "~ decya        ~",
            "Model.tpl:3: `decya` is no parameter of the control file",
            "did you mean `decay`?",
        ),
        (
            "model.tpl",
            "~ decay        ~",
            "0.05",
            "case.pst:15: parameter `decay` is in no template, so the model never sees it",
            "write it into a template, or remove it",
        ),
        (
            "model.tpl",
            "ptf ~",
            "~",
            "Model.tpl:1: the first line is not `ptf` and one marker",
            "begin the file with `ptf` and one marker, as in `ptf ~`",
        ),
        (
            "model.tpl",
            "~ decay        ~",
            "~ decay\t       ~",
            "Model.tpl:3: PEST takes a tab between the markers of a field for a part of the name",
            "write blanks for it",
        ),
        (
            "model.ins",
            "(y2)5:21",
            "(y22)5:21",
            "model.ins:5: `y22` is no observation of the control file",
            "did you mean `y2`?",
        ),
        (
            "model.ins",
            "!y1!",
            "!dum!",
            "case.pst:21: observation `y1` is read by no instruction",
            "add it to an instruction file, or remove it",
        ),
        (
            "model.ins",
            "!y1!",
            "!y0! !y1!",
            "model.ins:4: `y0` is read twice, first in model.ins:3",
            "read each observation once",
        ),
        (
            "model.ins",
            "@results@",
            "@results",
            "model.ins:2: a text to look for is not closed by a second `@`",
            "close it, or choose another marker in the first line",
        ),
        (
            "model.ins",
            "l1 w !y1!",
            "w !y1!",
            "model.ins:4: the line begins with `w !y1!`, so it is not told which line to read",
            "begin it with `l1` for the next line, or with `@text to look for@`",
        ),
        (
            "model.ins",
            "(y2)5:21",
            "(y2)",
            "model.ins:5: `(y2)` is no instruction",
            (
                "write `l1`, `w`, `t10`, `!name!`, `[name]1:10`, `(name)1:10` or a text between "
                "markers"
            ),
        ),
        (
            "model.ins",
            "(y2)5:21",
            "(y2)21:5",
            "model.ins:5: there are no columns `21:5`",
            "write the first and the last column, counted from 1",
        ),
    ],
)
def test_what_does_not_agree(
    change: Change, file: str, old: str, new: str, message: str, hint: str
) -> None:
    """Each says where, what and how to mend it."""
    case = change(file, old, new)
    problem = next(
        found for found in check(read_control(case)) if str(found) == f"{case.parent}/{message}"
    )
    assert problem.hint == hint
    assert problem.is_error


def test_paths_are_told_with_slashes_of_one_kind(change: Change) -> None:
    case = change("case.pst", "model.ins model.out", "ins\\model.ins model.out")
    (case.parent / "ins").mkdir()
    case.with_name("model.ins").rename(case.parent / "ins" / "model.ins")
    change("ins/model.ins", "!y1!", "!y9!")
    assert str(check(read_control(case))[-2]).startswith(f"{case.parent / 'ins' / 'model.ins'}:4: ")


def test_what_pestpp_takes_in_place(change: Change) -> None:
    """It removes what the model is to write before it writes what the model reads."""
    case = change("case.pst", "model.ins model.out", "model.ins model.in")
    assert check(read_control(case), is_pestpp=True) == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.01 0.0 switch", "0.01 1e-5 switch"),
        ("relative 0.01", "absolute 0.01"),
        ("relative 0.01", "rel_to_max 0.01"),
    ],
)
def test_increments_of_what_begins_at_0(change: Change, old: str, new: str) -> None:
    change("case.pst", "start log factor 1.0 0.1 10.0", "start none relative 0.0 -1.0 10.0")
    change("case.pst", "log(start)", "start")
    case = change("case.pst", old, new)
    assert check(read_control(case)) == ()


def test_tabs_beside_fields(change: Change) -> None:
    """PEST++ leaves templates to its workers, which are not looked into."""
    case = change("model.tpl", "~ start        ~\n", "\t~ start        ~\tstart\n")
    assert check(read_control(case)) == ()
    case = change("model.tpl", "~ start        ~", "~\tstart       ~")
    assert check(read_control(case), is_pestpp=True) == ()


def test_instructions_are_checked_up_to_where_they_can_be_read(change: Change) -> None:
    """What the rest reads, nobody knows: that nothing reads it is not said."""
    change("model.ins", "!y1!", "!y9!")
    case = change("model.ins", "(y2)5:21", "(y2)")
    problems = [(found.line, found.what) for found in check(read_control(case))]
    assert problems == [
        (4, "`y9` is no observation of the control file"),
        (5, "`(y2)` is no instruction"),
    ]


def test_a_narrow_field(change: Change) -> None:
    """A value that does not fit is an error; too few digits of it are only a warning."""
    change("model.tpl", "~ start        ~", "~start~")
    case = change("case.pst", CUT, "start log factor 1e-9 1e-11 10.0")
    (warning,) = check(read_control(case))
    assert str(warning).endswith(
        "Model.tpl:2: a field of 7 characters keeps only 2 digits of `start` where that is about "
        "1e-11, and small changes are lost"
    )
    assert not warning.is_error
    change("case.pst", "1e-9 1e-11 10.0", "-1e-11 -1e-112 10.0")
    problem = next(found for found in check(read_control(case)) if found.line == 2)
    assert problem.what.startswith("`-1e-112` does not fit into a field of 7 characters")
    assert problem.hint == "set the markers of the field further apart"


def test_a_field_that_only_the_initial_value_fits_into(change: Change) -> None:
    """Every other value would need more digits."""
    change("model.tpl", "~ start        ~", "~a~")
    change("case.pst", CUT, "a log factor 99 1 99")
    case = change("case.pst", "log(start)", "log(a)")
    (warning,) = check(read_control(case))
    assert warning.what.startswith("a field of 3 characters keeps only 2 digits of `a`")


def test_what_need_not_be_in_a_template(change: Change) -> None:
    """PEST wants every parameter in a template; PEST++ only what it adjusts."""
    change("model.tpl", "~ decay        ~", "0.05")
    case = change("case.pst", "decay log", "decay fixed")
    (problem,) = check(read_control(case))
    assert problem.what == "parameter `decay` is in no template, so the model never sees it"
    assert check(read_control(case), is_pestpp=True) == ()


def test_on_linux_nodes_capitals_and_slashes_count(change: Change) -> None:
    """What Windows forgives, a Linux node does not."""
    case = change("case.pst", "model.in\n", "sub\\model.in\n")
    template, path = check(read_control(case), is_windows=False)[::-1]
    assert template.what == "the template file `Model.tpl` is called `model.tpl`"
    assert path.what.startswith("`sub\\model.in` has back-slashes")
    assert path.hint == "write `sub/model.in`"


def test_programs_from_inputs_and_packages(change: Change) -> None:
    """A program may come another way than beside the control file."""
    case = change("case.pst", "model.exe", "solver")
    control = read_control(case)
    assert check(control, inputs=["Solver.EXE"]) == ()
    assert check(control, has_packages=True) == ()
    assert len(check(control)) == 1


def test_long_names(change: Change) -> None:
    """BeoPEST 16.1 takes long names as PEST++ does, but reads only 12 characters of a group's."""
    change("case.pst", "decay log", "decay_of_the_curve log")
    change("model.tpl", "~ decay        ~", "~ decay_of_the_curve ~")
    change("case.pst", "0.1 10.0 rates", "0.1 10.0 rates_of_decay")
    change("case.pst", "1.0e-2 2.0 rates", "1.0e-2 2.0 rates_of_decay")
    case = change("case.pst", "rates relative", "rates_of_decay relative")
    (problem,) = check(read_control(case))
    assert problem.what == "the name `rates_of_decay` has 14 characters"
    assert problem.hint == "PEST allows 12 in the name of a group"
    assert check(read_control(case), is_pestpp=True) == ()
    change("case.pst", "decay_of_the_curve log", f"{'x' * 201} log")
    assert f"the name `{'x' * 201}` has 201 characters" in [
        problem.what for problem in check(read_control(case))
    ]


def test_names_of_prior_information_may_be_those_of_others(change: Change) -> None:
    case = change("case.pst", "pi1 1.0", "y1 1.0")
    (warning,) = check(read_control(case))
    assert warning.what == "the name `y1` of prior information is there twice, first in line 21"
    assert not warning.is_error


@settings(deadline=None, max_examples=200)
@given(name=st.sampled_from(["model.tpl", "model.ins"]), content=st.binary(max_size=60))
def test_whatever_a_file_holds(scratch: Path, name: str, content: bytes) -> None:
    """Template and instruction files of any content: problems, never a traceback."""
    whole = (scratch / name).read_bytes()
    control = read_control(scratch / "case.pst")
    try:
        (scratch / name).write_bytes(whole[:6] + content)
        assert all(problem.hint for problem in check(control))
    finally:
        (scratch / name).write_bytes(whole)
