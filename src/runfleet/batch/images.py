"""The operating system images that pools may ask for."""

from __future__ import annotations

from dataclasses import dataclass

from runfleet.batch.states import OsType


@dataclass(frozen=True, slots=True)
class Image:
    """
    One marketplace image with the node agent that goes with it.

    Parameters
    ----------
    publisher, offer, sku
        Which image it is, as the marketplace has it.
    node_agent
        The SKU of the agent.
    capabilities
        What its machines can, in the words of the service.
    """

    publisher: str
    offer: str
    sku: str
    node_agent: str
    capabilities: tuple[str, ...] = ()

    @property
    def os_type(self) -> OsType:
        """The operating system of its nodes."""
        return OsType.WINDOWS if "windows" in self.node_agent else OsType.LINUX


_WINDOWS = ("microsoftwindowsserver", "windowsserver")
_WINDOWS_AGENT = "batch.node.windows amd64"
_GENERATION_2 = ("Generation2VMImage",)

IMAGES = (
    Image("canonical", "ubuntu-24_04-lts", "server", "batch.node.ubuntu 24.04", _GENERATION_2),
    Image("canonical", "0001-com-ubuntu-server-jammy", "22_04-lts", "batch.node.ubuntu 22.04"),
    Image("microsoft-dsvm", "ubuntu-hpc", "2404", "batch.node.ubuntu 24.04", _GENERATION_2),
    Image("microsoft-dsvm", "ubuntu-hpc", "2204", "batch.node.ubuntu 22.04", _GENERATION_2),
    Image("almalinux", "almalinux-x86_64", "9-gen2", "batch.node.el 9", _GENERATION_2),
    Image("almalinux", "almalinux", "8-gen2", "batch.node.el 8", _GENERATION_2),
    Image("almalinux", "almalinux", "8-gen1", "batch.node.el 8"),
    Image("debian", "debian-11", "11", "batch.node.debian 11"),
    Image(*_WINDOWS, "2022-datacenter", _WINDOWS_AGENT),
    Image(*_WINDOWS, "2022-datacenter-core", _WINDOWS_AGENT),
    Image(*_WINDOWS, "2019-datacenter", _WINDOWS_AGENT),
    Image(*_WINDOWS, "2019-datacenter-core", _WINDOWS_AGENT),
    Image(*_WINDOWS, "2016-datacenter-smalldisk", _WINDOWS_AGENT),
)
