"""
Carry out the benchmark's runs with HyperQueue, in HyperQueue's own environment.

    COUNT=2000 python hyperqueue_runs.py

The wheel has no `hq` program; its `LocalCluster` is the same server and worker in this process.
"""

import os
from pathlib import Path

from hyperqueue import Job, LocalCluster
from hyperqueue.cluster import WorkerConfig

SLOTS = 2


def main() -> None:
    """Do `COUNT` runs on two slots, each in its folder `runs/NUMBER`."""
    here, count = Path.cwd(), int(os.environ["COUNT"])
    with LocalCluster(str(here / "server"), WorkerConfig(cores=SLOTS)) as cluster:
        client = cluster.client()
        client.wait_for_jobs([client.submit(job_of(here / "runs", count))])


def job_of(runs: Path, count: int) -> Job:
    """One job with a task a run."""
    job = Job()
    for number in range(1, count + 1):
        folder = runs / str(number)
        job.program(
            ["sh", "-c", "echo $P > out.txt"],
            env={"P": str(number)},
            cwd=folder,
            stdout=folder / "stdout.txt",
            stderr=folder / "stderr.txt",
        )
    return job


if __name__ == "__main__":
    main()
