"""What the accounts differ in: the way to their services, and the pools that studies get there."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from runfleet.azure import AzureBatch, OperatingSystem
from runfleet.azure.account_settings import LoginKind
from runfleet.azure.channel import import_sdk
from runfleet.azure.credentials import key_credential
from runfleet.launch.accounts.local_offers import LocalOffers
from runfleet.launch.checks import Offers, check_launcher
from runfleet.launch.emulator import Emulator, Endpoint
from runfleet.launch.errors import AccountError
from runfleet.launch.pool import PoolPlan, plan_local_pool
from runfleet.storage import Storage
from runfleet.storage.auto_storage import FOLDER, is_linked, open_auto_storage
from runfleet.study import Study

if TYPE_CHECKING:
    from runfleet.azure.management import Management
    from runfleet.azure.packages import AccountPackages


class Access(Protocol):
    """The way to an account."""

    @property
    def login(self) -> LoginKind:
        """How one logs in to its Batch account."""
        ...

    def open_batch(self) -> AzureBatch:
        """Make the client of its Batch account."""
        ...

    def open_storage(self) -> Storage:
        """Make the client of its storage account."""
        ...

    def open_management(self) -> Management | None:
        """Make the client of its management API; None where that is not known."""
        ...

    def open_packages(self) -> AccountPackages | None:
        """Make the client of its application packages; None where they are in a folder."""
        ...

    def offers(self) -> Offers | None:
        """Tell what it has for studies, and start nothing; None where the service has to say."""
        ...

    def check_url_life(self, life: timedelta) -> None:
        """Raise `LifeTooLongError` where its storage account signs no such URLs; asks nobody."""

    def plan_pool(self, study: Study) -> PoolPlan:
        """Plan the pool of a study."""
        ...

    def search_path(self) -> str | None:
        """Tell where runs look for programs; None where nobody knows."""
        ...


@dataclass(frozen=True)
class LocalAccess:
    """
    The emulator on this machine.

    Parameters
    ----------
    home
        See `runfleet.home`.
    emulator
        The emulator of that folder.
    """

    home: Path
    emulator: Emulator
    login = LoginKind.KEY

    def open_batch(self) -> AzureBatch:
        """Make the client of the emulator, once it answers."""
        self.emulator.begin()
        import_sdk()
        endpoint = self.emulator.wait()
        credential = key_credential(endpoint.account, endpoint.key)
        return AzureBatch(
            endpoint.url,
            credential,
            ca_file=endpoint.ca_file,
            outage_hint=f"look for the reason in its log, `{self.emulator.log}`",
            revive=lambda: self._start_again(endpoint),
            account=self._name_among_others(endpoint),
        )

    def _name_among_others(self, endpoint: Endpoint) -> str:
        """Name it by its key, which stays when its port and its folder change."""
        if is_linked(self.home, FOLDER):
            return ""
        return f"emulator-{hashlib.sha256(endpoint.key.encode()).hexdigest()[:12]}"

    def _start_again(self, known: Endpoint) -> None:
        """Start an emulator that has ended as it had nothing to do; clients know one address."""
        self.emulator.begin()
        found = self.emulator.wait()
        if (found.url, found.key) != (known.url, known.key):
            raise AccountError(
                f"the emulator at {known.url} has ended, and the one in its place has another "
                "address or key",
                hint="open the account again with `connect`",
            )

    def open_storage(self) -> Storage:
        """Open the emulator's storage account, which is linked when the emulator starts."""
        self.emulator.begin()
        return open_auto_storage(self.home)

    def open_management(self) -> None:
        """Give nothing: this machine has no quotas."""

    def open_packages(self) -> None:
        """Give nothing: they are in a folder of this machine."""

    def offers(self) -> Offers:
        """Ask the emulator if it runs; else look at what it would have."""
        return self.open_batch() if self.emulator.endpoint() else LocalOffers(self.home)

    def check_url_life(self, life: timedelta) -> None:
        """Do nothing: what is in a folder, or signed by a key, can be had for any time."""

    def plan_pool(self, study: Study) -> PoolPlan:
        """
        Plan a pool on this machine.

        Raises
        ------
        AccountError
            If it cannot have the nodes that the study asks for.
        StudyError
            If it does not have the MPI by which the study starts its processes.
        """
        plan = plan_local_pool(study.pool)
        if plan.operating_system is OperatingSystem.WINDOWS:
            _check_wine()
        elif study.model.mpi is not None:
            check_launcher(study, self.search_path())
        return plan

    def search_path(self) -> str | None:
        """Tell the PATH of the emulator, with which it was started or would be."""
        return self.emulator.search_path()


def _check_wine() -> None:
    """Raise `AccountError` where the emulator cannot have Windows nodes."""
    if shutil.which("wine") is None:
        raise AccountError(
            "the account `local` carries out Windows programs by Wine, which is not installed here",
            hint="install it, as by `sudo apt-get install wine wine64`",
        )
