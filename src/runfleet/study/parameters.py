"""The quantities that differ from run to run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from runfleet.documents.errors import InvalidValueError
from runfleet.study.distributions import Distribution, Fixed, Integers, LogUniform

VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""What an environment variable can be called on every system."""

RESERVED_PREFIXES = ("AZ_BATCH_", "RUNFLEET_")
"""How the names of variables begin that every run has already."""

_RESERVED = {"PATH", "RUN_NAME", "NUMBER"}


@dataclass(frozen=True)
class Parameter:
    """
    A named quantity that a run gets a value for.

    Parameters
    ----------
    name
        Also the name of the environment variable that carries it.
    distribution
        Where its values come from, or None if the design's own table has them.
    unit
        For people; nothing is converted.
    environment_only
        Whether it is meant for the environment alone, so that no template has to use it.
    """

    name: str
    distribution: Distribution | None
    unit: str = ""
    environment_only: bool = False

    def __post_init__(self) -> None:
        """Refuse a name that cannot be an environment variable's."""
        check_parameter_name(self.name)

    @property
    def is_fixed(self) -> bool:
        """Whether it has the same value in every run."""
        return isinstance(self.distribution, Fixed)

    @property
    def is_whole(self) -> bool:
        """Whether it is a whole number by its nature, and not as it happens to be written."""
        return isinstance(self.distribution, Integers)

    @property
    def is_logarithmic(self) -> bool:
        """Whether its values are spread evenly on a logarithmic axis."""
        return isinstance(self.distribution, LogUniform)


def check_parameter_name(name: str) -> None:
    """
    Refuse a name that cannot be an environment variable's, or that has a meaning already.

    Raises
    ------
    InvalidValueError
        If it is not a name, or is taken.
    """
    if not VARIABLE_NAME.fullmatch(name):
        raise InvalidValueError(
            f"`{name}` cannot be the name of a parameter",
            hint="use letters, digits and `_`, beginning with a letter",
        )
    if name.upper() in _RESERVED or name.upper().startswith(RESERVED_PREFIXES):
        raise InvalidValueError(
            f"the name `{name}` is taken",
            hint="choose another name; `PATH`, `run_name`, `number` and names that begin with "
            "`AZ_BATCH_` or `RUNFLEET_` have a meaning already",
        )


def refuse_twins(names: Iterable[str]) -> None:
    """
    Refuse names that differ in case only: on Windows they are one environment variable.

    Raises
    ------
    InvalidValueError
        If two of the names are the same but for case; its key is the second.
    """
    seen: dict[str, str] = {}
    for name in names:
        twin = seen.setdefault(name.upper(), name)
        if twin != name:
            raise InvalidValueError(
                f"`{name}` and `{twin}` differ in case only",
                hint="rename one of them: on Windows they are the same environment variable",
                key=name,
            )
