"""What a study asks for that it may have, and that is probably not meant."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from runfleet.batch.vm_sizes import has_usual_form, meant_size
from runfleet.launch.checks.command_lines import CommandLine
from runfleet.launch.checks.environments import find_odd_environments
from runfleet.launch.checks.left_behind import find_left_behind
from runfleet.launch.checks.mistyped_programs import (
    find_missing_programs,
    find_mistyped_programs,
)
from runfleet.launch.checks.mistyped_variables import find_lost_variables, find_mistyped_variables
from runfleet.launch.checks.programs import find_doubtful_programs
from runfleet.launch.checks.search_paths import find_lost_programs, way_to_own_path
from runfleet.launch.checks.secrets import find_secrets
from runfleet.launch.checks.split_names import find_split_names
from runfleet.launch.checks.windows_line_ends import find_windows_line_ends
from runfleet.launch.checks.wine_conditions import find_conditions
from runfleet.launch.checks.wine_percents import find_percents
from runfleet.launch.pool import PoolPlan
from runfleet.study import Study

# Word processors make these of quotes that are typed.
_TYPOGRAPHIC_QUOTE = re.compile("[\u2018\u201c-\u201e]")


def find_oddities(study: Study, pool: PoolPlan, search_path: str | None = None) -> Iterator[str]:
    """
    Say what is allowed but probably not meant; nobody is asked.

    Parameters
    ----------
    study
        The study.
    pool
        Where it shall run.
    search_path
        Where its runs look for programs; None where nobody knows.
    """
    yield from _odd_size(study.pool.vm_size)
    if CommandLine(study.model.command, pool.operating_system).has_open_quote:
        yield "the command opens a quote that it does not close, and a shell refuses such a line"
    if found := _TYPOGRAPHIC_QUOTE.search(study.model.command):
        yield f"`{found[0]}` in the command is no quote to a shell; write `\"` or `'`"
    yield from find_doubtful_programs(study.model, pool)
    for lost in find_lost_programs(study.model, pool.operating_system, search_path):
        yield f"{lost}; {way_to_own_path(study.name)}"
    yield from find_odd_environments(study.model, pool.operating_system)
    yield from find_secrets(study.model)
    yield from find_windows_line_ends(study.model, pool.operating_system)
    yield from find_conditions(study.model, pool)
    yield from find_percents(study, pool)
    yield from find_split_names(study.model, pool.operating_system)
    mistyped = list(find_mistyped_programs(study.model, pool.operating_system, study.folder))
    yield from mistyped or find_missing_programs(study.model, pool.operating_system, study.folder)
    yield from find_mistyped_variables(study, pool.operating_system)
    yield from find_lost_variables(study, pool.operating_system, os.environ)
    yield from find_left_behind(study.model, pool.operating_system, study.folder)


def _odd_size(vm_size: str) -> Iterator[str]:
    if meant := meant_size(vm_size):
        yield f"`{vm_size}` is no common size of machine; did you mean `{meant}`?"
    elif not has_usual_form(vm_size):
        yield f"`{vm_size}` is no size of machine as Azure writes them: `standard_f4s_v2`"
