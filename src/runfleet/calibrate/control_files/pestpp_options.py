"""
Options of PEST++ whose values are files, and how they are spelled.

References
----------
White et al. (2020), PEST++ Version 5, USGS Techniques and Methods 7C26; the aliases are those of
`PestppOptions` in the source of PEST++ 5.2.
"""

from __future__ import annotations

from collections.abc import Iterable

_READ = {
    "base_jacobian": ("base_jacobian_filename",),
    "hotstart_resfile": (),
    "ies_localizer": (),
    "ies_observation_ensemble": ("ies_obs_en",),
    "ies_parameter_ensemble": ("ies_par_en",),
    "ies_restart_observation_ensemble": ("ies_restart_obs_en",),
    "ies_restart_parameter_ensemble": ("ies_restart_par_en",),
    "ies_weights_ensemble": ("ies_weights_en", "ies_weight_ensemble", "ies_weight_en"),
    "observation_covariance": ("obscov", "obscov_filename"),
    "parameter_covariance": ("parcov", "parcov_filename"),
    "sweep_parameter_csv_file": ("sweep_par_csv", "sweep_parameter_file"),
}
"""Files that are read without asking if they are there."""

_ALIASES = {**_READ, "sweep_output_csv_file": ("sweep_obs_csv", "sweep_output_file")}


def spellings(names: Iterable[str]) -> frozenset[str]:
    """List all ways to write some options, in small letters."""
    return frozenset(spelled for name in names for spelled in (name, *_ALIASES.get(name, ())))


FILES_READ = spellings(_READ)
