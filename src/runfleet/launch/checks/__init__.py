"""
What is wrong with a study, or odd about it: told before anything is made for it.

Who shows a plan and who submits look by the same functions, so that they say the same.
"""

from runfleet.launch.checks.checking import (
    Offers,
    check_account,
    check_all,
    check_pool,
    check_study,
    pick_image,
)
from runfleet.launch.checks.mpi_launchers import check_launcher
from runfleet.launch.checks.oddities import find_oddities
from runfleet.launch.checks.search_paths import find_lost_programs, way_to_own_path

__all__ = [
    "Offers",
    "check_account",
    "check_all",
    "check_launcher",
    "check_pool",
    "check_study",
    "find_lost_programs",
    "find_oddities",
    "pick_image",
    "way_to_own_path",
]
