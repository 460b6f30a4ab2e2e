"""Packages that a study names without their version, on accounts that may not say one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from runfleet.azure import AuthenticationError
from runfleet.home import Folders
from runfleet.launch.accounts.local_offers import LocalOffers
from runfleet.launch.checks import check_account
from runfleet.launch.packages import DefaultVersions
from runfleet.launch.pool import PoolPlan
from runfleet.storage.packages import PackageFolder
from runfleet.study import Study, StudyError

WriteStudy = Callable[..., Study]

PLAN = PoolPlan("p", "ubuntu-22.04", "standard_f2s_v2", dedicated=2, spot=0, slots=1)


@dataclass(frozen=True)
class Known:
    """Who knows the default version of all applications; None where they have none."""

    version: str | None

    def default_version(self, application_id: str) -> str | None:
        return self.version


class Closed:
    """Who knows them and does not tell."""

    def default_version(self, application_id: str) -> str | None:
        raise AuthenticationError("nobody is logged in")


@pytest.fixture
def offers(tmp_path: Path) -> LocalOffers:
    """An account that has two versions of a package."""
    tool = tmp_path / "tool"
    tool.mkdir()
    (tool / "run").write_text("")
    for version in ("1.0", "2.0"):
        PackageFolder(Folders(tmp_path).packages).add("tool", version, tool)
    return LocalOffers(tmp_path)


def test_a_package_without_a_default_version_is_refused(
    write_study: WriteStudy, offers: LocalOffers
) -> None:
    """Whoever submits the study."""
    study = write_study("model: {command: run, packages: [tool]}")
    with pytest.raises(StudyError, match="no default version of the application package `tool`"):
        check_account(offers, study, PLAN, lambda: Known(None))


@pytest.mark.parametrize("knows", [Known("1.0"), None, Closed()])
def test_where_nobody_can_tell_the_service_will(
    write_study: WriteStudy, offers: LocalOffers, knows: DefaultVersions | None
) -> None:
    """No study is refused on suspicion."""
    study = write_study("model: {command: run, packages: [tool]}")
    check_account(offers, study, PLAN, lambda: knows)


def test_whoever_names_versions_needs_nobody_to_know(
    write_study: WriteStudy, offers: LocalOffers
) -> None:
    """Opening the management API takes a while."""
    study = write_study("model: {command: run, packages: [tool==2.0]}")
    opened: list[None] = []
    check_account(offers, study, PLAN, lambda: opened.append(None))
    assert not opened
