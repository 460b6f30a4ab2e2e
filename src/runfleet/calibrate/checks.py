"""What is wrong with a calibration's files: told before anything is made for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runfleet.azure import OperatingSystem
from runfleet.calibrate.control_files.checking import check
from runfleet.calibrate.control_files.control import Control, read_control
from runfleet.calibrate.control_files.problems import ControlError, Problem
from runfleet.calibrate.errors import CalibrationError
from runfleet.calibrate.family import Family
from runfleet.calibrate.programs import TOOLS, Program
from runfleet.calibrate.results.pyemu import require_pyemu
from runfleet.documents.errors import listed
from runfleet.study import Pest, Study

_PROGRAMS = tuple(f"pestpp-{tool}" for tool in TOOLS)


def check_files(study: Study, system: OperatingSystem) -> tuple[Control, tuple[Problem, ...]]:
    """
    Read the control file of a calibration, and look at all that PEST would stumble over.

    Parameters
    ----------
    study
        The study.
    system
        Of the nodes.

    Returns
    -------
    control, problems
        What the file says, and what is wrong with it and with the files that it names, which are
        spelled as seen from the folder of the study file.

    Raises
    ------
    ControlError
        If it is no control file.
    StudyError
        If the program is none that we know.
    """
    pest = pest_of(study)
    program = _program_of(study, pest)
    control = control_of(study, pest)
    folder = pest.control.parent
    inputs = {
        shared.path.relative_to(folder).as_posix()
        for shared in study.model.inputs
        if shared.path.is_relative_to(folder)
    }
    problems = check(
        control,
        is_windows=system is OperatingSystem.WINDOWS,
        is_pestpp=program.family is Family.PESTPP,
        inputs=inputs,
        has_packages=bool(study.model.packages),
    )
    seen = (problem.seen_from(study.folder) for problem in problems)
    return control, (*_doubt_program(study, program), *seen)


def check_before_submitting(
    study: Study, system: OperatingSystem
) -> tuple[Control, tuple[Problem, ...]]:
    """
    Read the control file of a calibration, and refuse one that would come to nothing.

    Parameters
    ----------
    study
        The study.
    system
        Of the nodes.

    Returns
    -------
    control, problems
        What the file says, and what is odd about it.

    Raises
    ------
    RunfleetError
        About the first thing at which PEST would stop, or as nobody could read what comes out.
    """
    require_pyemu()
    control, problems = check_files(study, system)
    _refuse(problems)
    return control, problems


def _program_of(study: Study, pest: Pest) -> Program:
    try:
        return Program.named(pest.program)
    except CalibrationError as error:
        raise study.error(("pest", "program"), error.message, error.hint) from error


def _doubt_program(study: Study, program: Program) -> Iterator[Problem]:
    if not program.is_known:
        what = f"`{program.name}` has the name of no program of PEST++"
        error = study.error(("pest", "program"), what)
        hint = f"unless it is a build of your own, take one of {listed(_PROGRAMS)}"
        yield Problem(error.file, error.line, error.what, hint, is_error=False)


def _refuse(problems: Iterable[Problem]) -> None:
    """Raise `CalibrationError` about the first error among problems, if there is one."""
    errors = [problem for problem in problems if problem.is_error]
    if not errors:
        return
    more = f"\nand {len(errors) - 1} more: `runfleet calibrate check`" if len(errors) > 1 else ""
    raise CalibrationError(f"{errors[0]}{more}", hint=errors[0].hint)


def pest_of(study: Study) -> Pest:
    """Tell how a study is calibrated; raises `CalibrationError` if it is none to calibrate."""
    if study.pest is None:
        raise CalibrationError(
            f"study `{study.name}` is no calibration",
            hint="a calibration has the key `pest` in its study file",
        )
    return study.pest


def control_of(study: Study, pest: Pest) -> Control:
    """Read the control file; raises `ControlError` with its place as seen from the study file."""
    try:
        return read_control(study.folder / pest.control)
    except ControlError as error:
        raise error.seen_from(study.folder) from None
