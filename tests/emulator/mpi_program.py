"""What each rank of the tests' MPI program does: it says where it is, fails, or sleeps."""

from __future__ import annotations

import os
import sys
import time

from mpi4py import MPI


def main(what: str) -> None:
    """Do it; the sum shows that all ranks have met."""
    world = MPI.COMM_WORLD
    node = world.Split_type(MPI.COMM_TYPE_SHARED)
    total = world.allreduce(world.rank)
    places = world.gather((world.rank, node.rank, MPI.Get_processor_name(), os.getppid()))
    for place in places or []:
        sys.stdout.write(" ".join(map(str, (total, *place))) + "\n")
    sys.stdout.flush()
    if what == "fail" and world.rank == 1:
        os.abort()
    if what != "say":
        time.sleep(1000)


main(sys.argv[1])
