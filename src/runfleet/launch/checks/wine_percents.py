"""Values with `%`, which Wine's `cmd` changes where a batch file names their parameters."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import islice

from runfleet.documents.texts import shortened
from runfleet.launch.pool import PoolPlan
from runfleet.launch.windows_commands import stands_in_batch_file
from runfleet.study import Study
from runfleet.study.distributions import Choice, Fixed

_VARIABLE = re.compile(r"%(\w+)%")
_MOST_SAMPLES = 10_000


def find_percents(study: Study, pool: PoolPlan) -> Iterator[str]:
    """
    Name the parameters in the command that have a value which Wine would change.

    Of a table the first rows are looked at, not all of many.

    Parameters
    ----------
    study
        Its command, its parameters and their values.
    pool
        Its nodes run Windows programs by Wine, or do not.
    """
    command = study.model.command
    if not pool.under_wine or not stands_in_batch_file(command):
        return
    # On Windows variables have their names in any case.
    written = {name.upper(): name for name in _VARIABLE.findall(command)}
    told: set[str] = set()
    for name, value in _text_values(study, written.keys()):
        if "%" in value and name not in told:
            told.add(name)
            yield (
                f"`%{written[name.upper()]}%` in the command is `{shortened(value)}` in a run, and "
                "Wine's `cmd`, which reads it on this machine, takes a `%` there for that of a "
                f"variable: have the program read `{name}` from its environment, or from an input "
                "that a template makes"
            )


def _text_values(study: Study, named: Collection[str]) -> Iterator[tuple[str, str]]:
    """List texts that the parameters named, in capitals, may have."""
    of_table = []
    for parameter in study.parameters:
        if parameter.name.upper() not in named:
            continue
        if parameter.distribution is None:
            of_table.append(parameter.name)
        elif isinstance(parameter.distribution, Choice | Fixed):
            levels = parameter.distribution.levels()
            yield from ((parameter.name, level) for level in levels if isinstance(level, str))
    for sample in islice(study.samples(), _MOST_SAMPLES) if of_table else ():
        for name in of_table:
            if isinstance(value := sample[name], str):
                yield name, value
