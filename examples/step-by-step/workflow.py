"""
Azure Batch step by step: every pool, job and task made by hand, with nothing hidden.

    runfleet package add runoff 1.0 program
    python workflow.py [ACCOUNT]

ACCOUNT is `local`, this machine, if it is not given; or any that `runfleet account list` shows.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from runfleet import connect
from runfleet.azure import (
    AzureBatch,
    Image,
    JobSettings,
    OutputFile,
    PackageReference,
    PoolSettings,
    PreparationTask,
    ResourceFile,
    StartTask,
    TaskSettings,
    shell_command,
    with_packages,
)
from runfleet.errors import RunfleetError
from runfleet.storage import Storage, upload_zipped

HERE = Path(__file__).parent
POOL, CONTAINER = "step-by-step", "step-by-step"
RUNOFF = PackageReference("runoff", "1.0")
COEFFICIENTS = ("0.2", "0.3", "0.4", "0.5")
LIFE = timedelta(days=1)  # of the signed URLs that the nodes get


def main(name: str) -> None:
    """Go the whole way."""
    account = connect(name)
    batch, storage = account.batch, account.storage
    image = batch.pick_image("ubuntu-22.04")

    provide_pool(batch, image, nodes=2)
    upload_inputs(storage)
    job = make_job(storage, image)
    batch.create_job(job)
    batch.add_tasks(job.id, make_tasks(storage, image, job.id))

    counts = batch.wait_for_tasks(job.id, timeout=timedelta(minutes=30))
    print(f"{counts.succeeded} of {counts.total} tasks have succeeded")
    for task in batch.list_tasks(job.id):
        print(f"{task.id}: {batch.task_file(job.id, task.id, 'stdout.txt').decode().strip()}")

    batch.resize_pool(POOL, dedicated=0)  # nodes cost money, pools do not


def provide_pool(batch: AzureBatch, image: Image, nodes: int) -> None:
    """Make the pool, or bring back its nodes; each has the program, and takes two tasks."""
    greeting = 'echo "$AZ_BATCH_NODE_ID is ready"'
    pool = PoolSettings(
        POOL,
        image,
        "standard_f2s_v2",
        dedicated=nodes,
        slots=2,
        packages=[RUNOFF],
        start_task=StartTask(shell_command(greeting, image.operating_system)),
    )
    if not batch.create_pool(pool):
        batch.resize_pool(POOL, dedicated=nodes)
    batch.wait_for_nodes(POOL, nodes, timeout=timedelta(minutes=15))


def upload_inputs(storage: Storage) -> None:
    """Put a large file into the storage, and a folder as one zip file."""
    storage.create_container(CONTAINER)
    terrain = "".join(f"{cell} {cell % 97}\n" for cell in range(50_000))
    storage.put_bytes(CONTAINER, "terrain.txt", terrain.encode())
    upload_zipped(storage, CONTAINER, "basin.zip", HERE / "basin")


def make_job(storage: Storage, image: Image) -> JobSettings:
    """Have the large file copied once to each node, to the folder that its tasks share."""
    url = storage.blob_url(CONTAINER, "terrain.txt", life=LIFE)
    terrain = ResourceFile(http_url=url, file_path="terrain.txt")
    command = shell_command('cp terrain.txt "$AZ_BATCH_NODE_SHARED_DIR"', image.operating_system)
    preparation = PreparationTask(command, [terrain])
    job_id = f"runoff-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
    return JobSettings(job_id, POOL, preparation=preparation)


def make_tasks(storage: Storage, image: Image, job_id: str) -> Iterator[TaskSettings]:
    """Make a task for each coefficient, which reaches the program in its environment."""
    basin = storage.blob_url(CONTAINER, "basin.zip", life=LIFE)
    results = storage.container_url(CONTAINER, life=LIFE, write=True)
    line = (
        "python3 -m zipfile -e basin.zip basin && "
        'runoff basin/rain.csv "$AZ_BATCH_NODE_SHARED_DIR/terrain.txt"'
    )
    command = shell_command(
        with_packages(line, [RUNOFF], image.operating_system), image.operating_system
    )
    for coefficient in COEFFICIENTS:
        task_id = f"coefficient-{coefficient.replace('.', '_')}"
        yield TaskSettings(
            task_id,
            command,
            resource_files=[ResourceFile(http_url=basin, file_path="basin.zip")],
            output_files=[
                OutputFile("../std*.txt", results, f"{job_id}/{task_id}"),
                OutputFile("runoff.txt", results, f"{job_id}/{task_id}/runoff.txt"),
            ],
            environment={"RUNOFF_COEFFICIENT": coefficient},
        )


if __name__ == "__main__":
    try:
        main(*sys.argv[1:] or ["local"])
    except RunfleetError as error:
        sys.exit(f"error: {error.message}\nhint: {error.hint}")
