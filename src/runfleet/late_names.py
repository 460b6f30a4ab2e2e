"""Names that a package offers and loads when they are asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any


def late_names(
    package: str, homes: Mapping[str, Iterable[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """
    Make the `__getattr__` and the `__dir__` of a package.

    Parameters
    ----------
    package
        Its name.
    homes
        Modules, as an import in the package spells them (`.tree`), with the names of each.

    Returns
    -------
    load, list_names
        What loads a name; what lists them all, so that a console completes them unloaded.
    """
    home_of = {name: home for home, names in homes.items() for name in names}

    def load(name: str) -> Any:
        if name not in home_of:
            module = sys.modules[package]
            raise AttributeError(
                f"module `{package}` has no attribute `{name}`", name=name, obj=module
            )
        return getattr(import_module(home_of[name], package), name)

    def list_names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *home_of})

    return load, list_names
