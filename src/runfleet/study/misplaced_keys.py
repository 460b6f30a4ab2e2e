"""
Keys of a study file that stand where names of parameters do, and would be taken for parameters.

A `design` that is indented by mistake, or a `uniform` whose parameter has no name, would change the
design without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from runfleet.documents.errors import InvalidValueError

Keys = Mapping[str, FieldInfo]

_NUMBER = re.compile(r"[+-]?\d[\d.eE+-]*")

# What a table has values for is a parameter, however it is called.
_OF_TABLES: tuple[object, ...] = (None, {})


def refuse_misplaced(parameters: object, homes: Mapping[str, Keys]) -> None:
    """
    Refuse parameters that have the name of a key and a value that would be right there.

    Written out, as in `seed: {value: 1}`, a parameter can be called so.

    Parameters
    ----------
    parameters
        What stands under `parameters`, as it was read.
    homes
        Keys, by the words that say where they belong.

    Raises
    ------
    InvalidValueError
        If there are some; the first brings the others.
    """
    if not isinstance(parameters, dict):
        return
    found = [error for home, keys in homes.items() for error in _found(parameters, home, keys)]
    if found:
        first, *others = found
        first.others = tuple(others)
        raise first


def refuse_loose_values(parameters: object) -> None:
    """
    Refuse numbers in the place of names: YAML takes `{A: 1,2,3}` for the keys `A`, `2` and `3`.

    Raises
    ------
    InvalidValueError
        If there are some, about the first.
    """
    if not isinstance(parameters, dict):
        return
    loose = [key for key, value in parameters.items() if value is None and _NUMBER.fullmatch(key)]
    if loose:
        raise InvalidValueError(
            f"`{loose[0]}` is a value, and no parameter",
            hint="write values in brackets, as in `[1, 2, 3]`, and decimal numbers with a point",
            key=loose[0],
        )


def _found(parameters: Mapping[str, object], home: str, keys: Keys) -> Iterator[InvalidValueError]:
    for key, value in parameters.items():
        if key in keys and value not in _OF_TABLES and _is_right(keys[key], value):
            yield InvalidValueError(
                f"`{key}` with this value is a key, and no parameter",
                hint=f"write it {home}{_way_out(key, value)}",
                key=key,
            )


def _is_right(field: FieldInfo, value: object) -> bool:
    adapter = TypeAdapter[object](field.rebuild_annotation() | None, config=ConfigDict(strict=True))
    try:
        adapter.validate_python(value)
    except ValidationError:
        return False
    return True


def _way_out(key: str, value: object) -> str:
    """Say how to write a parameter that is really called so; no mapping is meant for one."""
    if isinstance(value, dict):
        return ""
    kind = "values" if isinstance(value, list) else "value"
    return f"; or, if a parameter is called so, `{key}: {{{kind}: ...}}`"
