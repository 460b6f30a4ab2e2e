"""Executables: what they are, what they need, and what of that is missing."""

from runfleet.inspection.errors import InspectionError
from runfleet.inspection.inspecting import inspect
from runfleet.inspection.program import Kind, Library, Problem, Program, System, Whereabouts

__all__ = [
    "InspectionError",
    "Kind",
    "Library",
    "Problem",
    "Program",
    "System",
    "Whereabouts",
    "inspect",
]
