"""
A contaminant spreads along a channel: one-dimensional diffusion, shared out over all processes.

Each process has a stretch of the channel.  In each step neighbours tell each other what is at their
ends; the total mass, which must not change, is summed up over all of them.
"""

import json
import math
import os
import sys

from mpi4py import MPI

CELLS = 60
LENGTH = 1000.0  # m
DURATION = 86_400.0  # s
MASS = 10.0  # kg


def main(world: MPI.Comm) -> None:
    """Compute it, and have the first process write it down."""
    diffusivity, spacing = float(os.environ["DIFFUSIVITY"]), LENGTH / CELLS
    steps = math.ceil(2.5 * diffusivity * DURATION / spacing**2)
    number = diffusivity * DURATION / steps / spacing**2
    stretch = range(CELLS * world.rank // world.size, CELLS * (world.rank + 1) // world.size)
    concentration = [MASS / spacing if cell == CELLS // 2 else 0.0 for cell in stretch]
    for _ in range(steps):
        concentration = diffused(world, concentration, number)
    report(world, concentration, spacing)


def diffused(world: MPI.Comm, own: list[float], number: float) -> list[float]:
    """The concentration a step later; nothing leaves the channel at its ends."""
    left = world.rank - 1 if world.rank > 0 else MPI.PROC_NULL
    right = world.rank + 1 if world.rank < world.size - 1 else MPI.PROC_NULL
    after = world.sendrecv(own[0], left, source=right)
    before = world.sendrecv(own[-1], right, source=left)
    known = [own[0] if before is None else before, *own, own[-1] if after is None else after]
    return [
        here + number * (one - 2 * here + other)
        for one, here, other in zip(known, own, known[2:], strict=False)
    ]


def report(world: MPI.Comm, own: list[float], spacing: float) -> None:
    """What all processes know together, and who took part."""
    node = world.Split_type(MPI.COMM_TYPE_SHARED)
    facts = {
        "peak": world.allreduce(max(own), MPI.MAX),
        "mass": world.allreduce(sum(own)) * spacing,
        "processes": world.size,
        "nodes": world.allreduce(int(node.rank == 0)),
    }
    places = world.gather(MPI.Get_processor_name()) or []
    for rank, place in enumerate(places):
        sys.stdout.write(f"process {rank} ran on {place}\n")
    if world.rank == 0:
        with open("summary.json", "w", encoding="utf-8") as file:
            json.dump(facts, file)


main(MPI.COMM_WORLD)
