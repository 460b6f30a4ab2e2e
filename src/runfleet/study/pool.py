"""The machines that a study asks for."""

from __future__ import annotations

from dataclasses import dataclass

from runfleet.study.values import check_range

LINUX_IMAGE = "ubuntu-22.04"
WINDOWS_IMAGE = "windows-2022"
"""The image of pools that ask for none, and the one to name for programs of Windows."""

VM_SIZE = "standard_f2s_v2"
"""The machine of pools that ask for none."""


@dataclass(frozen=True)
class NodeRange:
    """
    How many nodes a pool may have.

    Parameters
    ----------
    min, max
        The pool stays between these numbers.
    spot
        Whether the nodes are spot nodes, which cost less and can be taken away.
    """

    min: int = 0
    max: int = 1
    spot: bool = False

    def __post_init__(self) -> None:
        """Refuse numbers in the wrong order."""
        check_range(self.min, self.max)


def is_windows(image: str) -> bool:
    """Tell whether an image, by its short name, is one of Windows."""
    return "windows" in image.lower()


@dataclass(frozen=True)
class PoolRequest:
    """
    The pool that a study's runs should have.

    Parameters
    ----------
    id
        An existing pool or one to make; None to have one named.
    image
        The operating system, by runfleet's short name of a Marketplace image.
    vm_size
        Azure's name of the machine.
    nodes
        How many of them.
    tasks_per_node
        How many runs a node carries out at a time; None for one on each of its cores.
    nodes_per_run
        How many nodes a run takes at once, which then have to reach each other; 0 where each run
        has a part of one node.
    together
        How many tasks run at the same time and talk to each other: the manager and the workers of
        a calibration; 0 for runs, which do neither.
    """

    id: str | None = None
    image: str = LINUX_IMAGE
    vm_size: str = VM_SIZE
    nodes: NodeRange = NodeRange()
    tasks_per_node: int | None = None
    nodes_per_run: int = 0
    together: int = 0
