"""Pi by the midpoint rule: each process has its share of the strips, and all shares are summed."""

from mpi4py import MPI

STRIPS = 1_000_000

world = MPI.COMM_WORLD
share = sum(
    4 / (1 + ((strip + 0.5) / STRIPS) ** 2) for strip in range(world.rank, STRIPS, world.size)
)
pi = world.allreduce(share / STRIPS)
if world.rank == 0:
    print(f"{world.size} processes: {pi:.9f}")
    with open("pi.txt", "w") as file:
        file.write(f"{pi:.9f}\n")
