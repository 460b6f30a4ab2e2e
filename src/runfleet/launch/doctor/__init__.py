"""Looks at everything that a study needs on its account, before it costs anything."""

from runfleet.launch.doctor.account import examine_account
from runfleet.launch.doctor.findings import Finding, Verdict
from runfleet.launch.doctor.study import examine_study

__all__ = ["Finding", "Verdict", "examine_account", "examine_study"]
