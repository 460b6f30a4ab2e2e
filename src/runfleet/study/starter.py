"""The first study file of a user."""

from __future__ import annotations

import json
from collections.abc import Sequence

from runfleet.study.files import inner_path, refuse_unstorable
from runfleet.study.names import check_study_name

_TEXT = """\
# A study: a model, and the runs asked of it.  Try it with `runfleet plan`, then `runfleet run`.
# Lines that begin with `#` are examples: remove the `#` to use them.
{study}
model:
  # What you would type into a terminal, in the folder of a run.
  command: {command}

  # Files that all runs read, beside this file: names, folders or patterns such as `data/*.csv`.
{inputs}

  # Files to keep of each run.  A run fails if one of them is missing.
{outputs}

  # Application packages whose programs the command finds.
{packages}

  # Input files that differ from run to run, and the templates they are made from: a template is
  # the file with `{{{{ ROUGHNESS }}}}` in the place of a number.
  # overlays: {{network.inp: network.inp.j2}}

  # Environment variables, the same in all runs.
  # environment: {{OMP_NUM_THREADS: "1"}}

  # retries: 2
  # time_limit: 10m

# The quantities that differ from run to run.  Each reaches the model as an environment variable
# of its name, and templates as `{{{{ NAME }}}}`.
# parameters:
#   ROUGHNESS: {{uniform: [80, 140], unit: "-"}}
#   DEMAND: {{values: [0.8, 1.0, 1.2]}}

# How their values are chosen: `grid` runs all combinations of listed values.
# design: {{latin_hypercube: 200, seed: 1}}

# What runs are called; `run-00001` and so on if not given.
# run_name: "r{{ROUGHNESS:.0f}}-{{number}}"

# Numbers to take from the files of each run: a regular expression with one group, a column of a
# table, or a path in a JSON file.
# results:
#   lowest_pressure: {{file: report.txt, pattern: 'minimum pressure\\s+(\\S+)', take: min}}

# The machines to run on.  On this computer the runs take what it has.
{pool}
"""

_POOL = """\
pool:
  image: {image}
  # What else a pool on Azure has:
  # vm_size: standard_f4s_v2
  # nodes: {{max: 5}}"""
_ANY_POOL = "# pool: {image: ubuntu-22.04, vm_size: standard_f4s_v2, nodes: {max: 5}}"


def starter_text(
    command: str,
    *,
    name: str | None = None,
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
    packages: Sequence[str] = (),
    image: str | None = None,
) -> str:
    """
    Write a commented study file that runs a command once.

    Parameters
    ----------
    command
        The command line of the model.
    name
        The name of the study; that of its file if None.
    inputs
        Input files, relative to the study file.
    outputs
        Files to keep, or patterns.
    packages
        Application packages, as `epanet==2.3.5`.
    image
        What the nodes run; if None, what a pool has that is not told.

    Returns
    -------
    text : str
        It loads as it is once the inputs are there.

    Raises
    ------
    InvalidValueError
        If the name cannot be a study's, or that of an input not an input's.
    """
    for file in inputs:
        refuse_unstorable(inner_path(file))
    return _TEXT.format(
        study="" if name is None else f"study: {_quoted(check_study_name(name))}\n",
        command=_quoted(command),
        inputs=_list_line("inputs", inputs, example="network.inp"),
        outputs=_list_line("outputs", outputs, example="*.txt"),
        packages=_packages_line(packages),
        pool=_ANY_POOL if image is None else _POOL.format(image=image),
    )


def _packages_line(packages: Sequence[str]) -> str:
    # A version such as `1.0` is no number here, for the id stands before it.
    return f"  packages: [{', '.join(packages)}]" if packages else "  # packages: [epanet==2.3.5]"


def _list_line(key: str, items: Sequence[str], *, example: str) -> str:
    if not items:
        return f"  # {key}: [{_quoted(example)}]"
    return f"  {key}: [{', '.join(_quoted(item) for item in items)}]"


def _quoted(text: str) -> str:
    # A JSON text is a YAML text in double quotes.
    return json.dumps(text, ensure_ascii=False)
