"""The programs of the PEST family: how each is told to be a manager or a worker."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Self

from runfleet.calibrate.errors import CalibrationError
from runfleet.calibrate.family import Family
from runfleet.nearest_word import nearest

_FAMILIES = {"beopest": Family.PEST, "pestpp": Family.PESTPP}
TOOLS = ("glm", "ies", "sen", "opt", "swp", "mou", "da", "pso", "sqp")
"""What PEST++ consists of; builds of one's own may be called otherwise."""


@dataclass(frozen=True, slots=True)
class Program:
    """
    A program of the PEST family.

    Parameters
    ----------
    name
        What a node finds on PATH.
    family
        How it is spoken to.
    """

    name: str
    family: Family

    @classmethod
    def named(cls, name: str) -> Self:
        """
        Tell a program by its name.

        Raises
        ------
        CalibrationError
            If it is none that hands out runs by TCP, or mistyped.
        """
        lower = name.lower()
        for beginning, family in _FAMILIES.items():
            if lower.startswith(beginning):
                program = cls(name, family)
                program._refuse_mistyped()
                return program
        raise CalibrationError(
            f"`{name}` is no program that hands out model runs to workers",
            hint="take `beopest64`, `pestpp-glm`, `pestpp-ies`, `pestpp-sen`, `pestpp-opt` or "
            "another of PEST++",
        )

    @property
    def tool(self) -> str:
        """What it does, as PEST++ names its programs: `glm`, `ies`; nothing of BeoPEST."""
        if self.family is Family.PEST:
            return ""
        return self.name.lower().removesuffix(".exe").removeprefix("pestpp").lstrip("-_")

    @property
    def is_known(self) -> bool:
        """Whether it has the name of one of the family; one's own builds may have another."""
        return self.family is Family.PEST or any(known in self.tool for known in TOOLS)

    def _refuse_mistyped(self) -> None:
        meant = nearest(self.tool, TOOLS) if self.tool else None
        if meant is not None and not self.is_known:
            raise CalibrationError(
                f"`{self.name}` is no program of PEST++", hint=f"did you mean `pestpp-{meant}`?"
            )

    def case_of(self, control: PurePosixPath) -> str:
        """Tell what its output files are called after; BeoPEST writes that in small letters."""
        return control.stem.lower() if self.family is Family.PEST else control.stem

    def manager_line(self, control: PurePosixPath, port: int, switches: str) -> str:
        """Write the line that starts it as a manager."""
        return self._line(control, f":{port}", switches)

    def worker_line(self, control: PurePosixPath, host: str, port: int, switches: str) -> str:
        """Write the line that starts it as a worker of the manager at `host`."""
        return self._line(control, f"{host}:{port}", switches)

    def _line(self, control: PurePosixPath, address: str, switches: str) -> str:
        # BeoPEST takes the name of the case, PEST++ that of the file.
        case, switch = control.name, "/h"
        if self.family is Family.PEST:
            case, switch = control.stem, "/H"
        case = f'"{case}"' if " " in case else case
        return " ".join(part for part in (self.name, case, switch, address, switches) if part)
