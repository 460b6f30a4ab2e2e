"""Sizes of virtual machines."""

from __future__ import annotations

import re
from dataclasses import dataclass

# The D series of version 2 counts steps, not cores.
_EXCEPTIONS = {"standard_d3_v2": 4, "standard_d4_v2": 8, "standard_d5_v2": 16}
_FIRST_NUMBER = re.compile(r"[a-z]([0-9]+)")
_FORM = re.compile(r"(standard|basic)_[a-z]+[0-9]+[a-z0-9-]*(_[a-z0-9]+)*")
_SERIES_LETTERS = re.compile(r"^[a-z]+")

# Series of sizes as Microsoft's pages have them: the name, the memory of a core in GiB, the cores.
_SERIES = (
    ("standard_a{}_v2", 2.0, (1, 2, 4, 8)),
    ("standard_f{}s_v2", 2.0, (2, 4, 8, 16, 32, 48, 64, 72)),
    ("standard_d{}s_v3", 4.0, (2, 4, 8, 16, 32, 48, 64)),
    ("standard_d{}s_v5", 4.0, (2, 4, 8, 16, 32, 48, 64, 96)),
    ("standard_d{}as_v5", 4.0, (2, 4, 8, 16, 32, 48, 64, 96)),
    ("standard_e{}s_v3", 8.0, (2, 4, 8, 16, 20, 32)),
    ("standard_e{}s_v5", 8.0, (2, 4, 8, 16, 20, 32, 48, 64)),
)
_SINGLE = {
    "standard_d1_v2": (1, 3.5),
    "standard_d2_v2": (2, 7.0),
    "standard_d3_v2": (4, 14.0),
    "standard_d4_v2": (8, 28.0),
    "standard_d5_v2": (16, 56.0),
    "standard_hc44rs": (44, 352.0),
    "standard_hb120rs_v3": (120, 448.0),
    "standard_hb176rs_v4": (176, 768.0),
    "standard_nc6s_v3": (6, 112.0),
    "standard_nc4as_t4_v3": (4, 28.0),
}


@dataclass(frozen=True, slots=True)
class MachineSize:
    """
    A size of virtual machine.

    Parameters
    ----------
    name
        As pools ask for it, in small letters.
    cores
        How many virtual ones it has.
    memory_gib
        Its memory.
    """

    name: str
    cores: int
    memory_gib: float


def common_sizes() -> list[MachineSize]:
    """List sizes that models often get; Azure has many more, and regions differ."""
    series = [
        MachineSize(name.format(cores), cores, cores * memory)
        for name, memory, counts in _SERIES
        for cores in counts
    ]
    return series + [MachineSize(name, *facts) for name, facts in _SINGLE.items()]


def is_known(vm_size: str) -> bool:
    """Tell whether a size is one of the common ones."""
    return vm_size.lower() in {size.name for size in common_sizes()}


def has_usual_form(vm_size: str) -> bool:
    """Tell whether a size is written as all of Azure's are, such as `standard_d2ads_v5`."""
    return _FORM.fullmatch(vm_size.lower()) is not None


def meant_size(vm_size: str) -> str | None:
    """
    Find the common size that is written in another way: `f2s-v2`, `standard_f2sv2`.

    Near names are none of that, for most of them are sizes as well.
    """
    meant = {_letters_and_figures(size.name): size.name for size in common_sizes()}
    name = meant.get(_letters_and_figures(vm_size))
    return None if is_known(vm_size) else name


def core_count(vm_size: str) -> int:
    """How many cores a size such as `standard_d4s_v3` has, by its name; 1 if that does not say."""
    name = vm_size.lower()
    number = _FIRST_NUMBER.search(name.removeprefix("standard_").removeprefix("basic_"))
    return _EXCEPTIONS.get(name) or (int(number[1]) or 1 if number else 1)


def service_spelling(vm_size: str) -> str:
    """
    A size with the capitals that the service gives it, such as `Standard_D4s_v3`.

    The letters before the first figure name the series; of what follows only versions are small.
    """
    tier, *parts = vm_size.lower().split("_")
    series = _SERIES_LETTERS.sub(lambda letters: letters[0].upper(), parts[0]) if parts else ""
    others = [part if part.startswith("v") else part.capitalize() for part in parts[1:]]
    return "_".join(filter(None, (tier.capitalize(), series, *others)))


def _letters_and_figures(vm_size: str) -> str:
    return re.sub("[^a-z0-9]", "", vm_size.lower().removeprefix("standard"))
