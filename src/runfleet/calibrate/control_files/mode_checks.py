"""Whether a control file has what BeoPEST 16.1 wants for its mode and its way to solve."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runfleet.calibrate.control_files.control import Control
from runfleet.calibrate.control_files.problems import Problem
from runfleet.calibrate.control_files.sections import Row
from runfleet.calibrate.fortran_numbers import as_number

_SECTIONS = {"regularisation": "regularisation", "prediction": "predictive analysis"}
_SVD = "singular value decomposition"


def check_mode(control: Control) -> Iterator[Problem]:
    """Find sections, groups and observations that are missing for what PEST is after."""
    section = _SECTIONS.get(control.mode)
    if section is not None and section not in control.sections:
        what = f"the mode is `{control.mode}`, and there is no section `* {section}`"
        hint = "add the section, or write `estimation` for the mode"
        yield Problem.at(control.sections["control data"].rows[0].place, what, hint)
    if control.mode == "regularisation":
        yield from _check_regularisation(control)
    if control.mode == "prediction":
        yield from _check_prediction(control)


def _check_regularisation(control: Control) -> Iterator[Problem]:
    section = control.sections.get("observation groups")
    if section is None:
        return
    hint = "call one so, such as `regul`, and put the prior information into it"
    if not any(map(_is_regularising, control.observation_groups)):
        what = "no group has a name that begins with `regul`, as regularisation needs one"
        yield Problem.at(section.place, what, hint)
    elif not any(map(_is_regularising, _used_groups(control))):
        what = "nothing is of a group whose name begins with `regul`"
        hint = "put the prior information, or observations, into such a group"
        yield Problem.at(section.place, what, hint)


def _used_groups(control: Control) -> Iterable[str]:
    yield from (prior.group for prior in control.prior)
    yield from (observation.group for observation in control.observations)


def _is_regularising(group: str) -> bool:
    return group.startswith("regul")


def _check_prediction(control: Control) -> Iterator[Problem]:
    for last in control.observations[-1:]:
        if last.group != "predict":
            what = (
                f"the last observation, `{last.name}`, is of group `{last.group}`, where BeoPEST "
                "looks for the prediction"
            )
            hint = "put the prediction there, and into a group `predict`"
            yield Problem.at(last.place, what, hint)


def check_solvers(control: Control) -> Iterator[Problem]:
    """Find ways to solve that exclude each other, and a threshold that leaves nothing."""
    svd, lsqr = _rows(control, _SVD), _rows(control, "lsqr")
    for row in svd[1:2]:
        threshold = as_number(row.values[1]) if len(row.values) > 1 else None
        if threshold is not None and threshold > 1:
            what = f"`EIGTHRESH` is {threshold:g}, and PEST wants less than 1"
            yield Problem.at(row.place, what, "write a small number, such as 5.0e-7")
    if _is_active(svd) and _is_active(lsqr):
        what = f"`* lsqr` and `* {_SVD}` are both active"
        hint = "write 0 in the first line of one of them"
        yield Problem.at(lsqr[0].place, what, hint)


def _rows(control: Control, name: str) -> list[Row]:
    section = control.sections.get(name)
    return section.rows if section else []


def _is_active(rows: list[Row]) -> bool:
    number = as_number(rows[0].values[0]) if rows and rows[0].values else None
    return number is not None and number > 0
