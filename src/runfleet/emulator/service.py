"""What the handlers of requests work with."""

from __future__ import annotations

from dataclasses import dataclass

from runfleet.agent import wine
from runfleet.batch.specs import PoolSpec
from runfleet.batch.states import OsType
from runfleet.emulator.applications import Applications
from runfleet.emulator.engine import Engine
from runfleet.emulator.log_uploads import LogUploads
from runfleet.emulator.packages import Packages
from runfleet.home import Folders
from runfleet.wire import coverage
from runfleet.wire.errors import not_implemented


@dataclass(frozen=True, slots=True)
class Service:
    """
    One Batch account.

    Parameters
    ----------
    account
        Its name.
    key
        Its shared key, decoded.
    engine
        Decides what is asked for, and does it.
    folders
        Where everything is kept.
    packages
        Its application packages, as tasks refer to them.
    log_uploads
        Brings logs of nodes into containers.
    """

    account: str
    key: bytes
    engine: Engine
    folders: Folders
    packages: Packages
    log_uploads: LogUploads

    @property
    def applications(self) -> Applications:
        """Its application packages, as the management plane has them."""
        return self.packages.applications

    def check_pool(self, spec: PoolSpec) -> None:
        """Refuse a pool that cannot be had here, or with packages that are not there."""
        if spec.os_type is OsType.WINDOWS:
            _check_wine()
        self.packages.check(spec.packages)

    def os_type(self, pool_id: str | None) -> OsType:
        """Tell what the nodes of a pool run; of one that is gone it is not remembered."""
        entry = self.engine.state.pools.get((pool_id or "").lower())
        return entry.pool.spec.os_type if entry else OsType.LINUX


def _check_wine() -> None:
    if not wine.is_installed():
        raise not_implemented(coverage.WINDOWS_WITHOUT_WINE.reason("nodeAgentSKUId"))
