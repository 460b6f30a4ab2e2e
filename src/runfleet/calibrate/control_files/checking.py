"""Whether a control file agrees with itself and with the files that it names."""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain

from runfleet.calibrate.control_files.command_checks import check_commands
from runfleet.calibrate.control_files.consistency import (
    check_counts,
    check_group_names,
    check_groups,
    check_increments,
    check_names,
    check_observation_groups,
    check_observations,
    check_parameters,
    check_scales,
    check_ties,
)
from runfleet.calibrate.control_files.control import Control
from runfleet.calibrate.control_files.heading_checks import (
    check_first_line,
    check_headings,
    check_marks,
    check_version,
)
from runfleet.calibrate.control_files.instruction_checks import check_instructions
from runfleet.calibrate.control_files.line_checks import check_lines, check_pestpp_lines
from runfleet.calibrate.control_files.mode_checks import check_mode, check_solvers
from runfleet.calibrate.control_files.path_checks import check_paths
from runfleet.calibrate.control_files.pestpp_checks import check_groups_alone, check_numbers
from runfleet.calibrate.control_files.prior_checks import check_prior
from runfleet.calibrate.control_files.problems import Problem
from runfleet.calibrate.control_files.template_checks import check_templates


def check(
    control: Control,
    *,
    is_windows: bool = True,
    is_pestpp: bool = False,
    inputs: Collection[str] = (),
    has_packages: bool = False,
) -> tuple[Problem, ...]:
    """
    Find what PEST would stumble over, before it does.

    Parameters
    ----------
    control
        The control file; the files that it names are read.
    is_windows
        Whether the nodes are, where capitals in names do not matter and slashes go either way.
    is_pestpp
        Whether the program is one of PEST++, which counts for itself and needs less.
    inputs
        What else the study puts into the folder of the model, by its names there.
    has_packages
        Whether the study brings programs by packages, which are then on PATH.

    Returns
    -------
    problems : tuple of Problem
        In the order of the control file, those of other files behind.  Of a file in a version that
        the program does not read, only that.
    """
    # What else BeoPEST makes of such a file would only mislead.
    if not is_pestpp and (problems := tuple(check_version(control))):
        return problems
    return tuple(
        chain(
            check_marks(control),
            check_first_line(control) if is_pestpp else (),
            check_headings(control, is_pestpp=is_pestpp),
            check_counts(control, is_pestpp=is_pestpp),
            check_pestpp_lines(control) if is_pestpp else check_lines(control),
            chain(check_numbers(control), check_groups_alone(control)) if is_pestpp else (),
            check_names(control),
            () if is_pestpp else chain(check_mode(control), check_solvers(control)),
            () if is_pestpp else check_group_names(control),
            check_groups(control),
            () if is_pestpp else check_observation_groups(control),
            check_parameters(control),
            () if is_pestpp else chain(check_scales(control), check_increments(control)),
            check_ties(control),
            check_observations(control),
            check_prior(control, is_pestpp=is_pestpp),
            check_commands(
                control,
                is_windows=is_windows,
                is_pestpp=is_pestpp,
                inputs=inputs,
                has_packages=has_packages,
            ),
            check_paths(control, is_windows=is_windows, is_pestpp=is_pestpp),
            check_templates(control, is_pestpp=is_pestpp),
            check_instructions(control, is_pestpp=is_pestpp),
        )
    )
