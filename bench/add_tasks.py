"""
How fast tasks are added to a job, and what memory that takes on either side.

Tasks of 1.1 KB (three resource files, an output file, two environment variables, constraints) go
from a generator through `AzureBatch` to an emulator of its own; the job has no pool, so nothing
runs meanwhile. Then the same tasks go through the SDK's own `create_tasks`, in interleaved rounds.

    python bench/add_tasks.py [--tasks 100000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential

from runfleet.azure import AzureBatch, JobSettings, OutputFile, ResourceFile, TaskSettings

CONTAINER = "https://account.blob.core.windows.net/study-net1"
SIGNATURE = "sv=2025-01-05&se=2026-12-01T00%3A00%3A00Z&sr=c&sp=rl&sig=0123456789abcdef0123456789a"
COMMAND = "/bin/sh -c 'cp -R \"$AZ_BATCH_JOB_PREP_WORKING_DIR/inputs/.\" . && runepanet net1.inp'"
SDK_TASKS = 2_000


@dataclass(frozen=True)
class Service:
    """An emulator of this benchmark's own."""

    url: str
    credential: AzureNamedKeyCredential
    process_id: int

    def peak_megabytes(self) -> float:
        """How much memory it ever had."""
        status = Path(f"/proc/{self.process_id}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024


@contextmanager
def emulator(home: Path) -> Iterator[Service]:
    """Start an emulator, wait until it listens, and end it."""
    command = [sys.executable, "-m", "runfleet.emulator", "--home", str(home)]
    process = subprocess.Popen(command)
    try:
        endpoint = json.loads(when_there(home / "emulator" / "endpoint.json", process))
        key = (home / "emulator" / "key").read_text().strip()
        credential = AzureNamedKeyCredential(endpoint["account"], key)
        yield Service(endpoint["url"], credential, endpoint["pid"])
    finally:
        process.terminate()
        process.wait()


def when_there(path: Path, process: subprocess.Popen[bytes]) -> str:
    """Read a file as soon as there is one."""
    for _ in range(1000):
        if path.exists():
            return path.read_text()
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise SystemExit(f"error: the emulator did not write {path}")


def tasks(count: int) -> Iterator[TaskSettings]:
    """Make tasks as a study of that size does: one at a time."""
    for number in range(count):
        run = f"run-{number:06}"
        yield TaskSettings(
            run,
            COMMAND,
            resource_files=[
                ResourceFile(http_url=f"{CONTAINER}/in/{run}/{name}?{SIGNATURE}", file_path=name)
                for name in ("net1.inp", "demand.csv", "options.json")
            ],
            output_files=[OutputFile("*.rpt", f"{CONTAINER}?{SIGNATURE}", f"runs/net1/{run}")],
            environment={"ROUGHNESS": "103.123", "DEMAND": "1.07"},
            max_retries=2,
            time_limit=timedelta(minutes=10),
        )


def sdk_task(task: TaskSettings) -> models.BatchTaskCreateOptions:
    """Make the SDK's object of a task, which is a part of what its way costs."""
    files = [
        models.ResourceFile(http_url=file.http_url, file_path=file.file_path)
        for file in task.resource_files
    ]
    (output,) = task.output_files
    destination = models.OutputFileBlobContainerDestination(
        container_url=output.container_url, path=output.path
    )
    return models.BatchTaskCreateOptions(
        id=task.id,
        command_line=task.command_line,
        resource_files=files,
        output_files=[
            models.OutputFile(
                file_pattern=output.pattern,
                destination=models.OutputFileDestination(container=destination),
                upload_options=models.OutputFileUploadConfiguration(
                    upload_condition=models.OutputFileUploadCondition.TASK_COMPLETION
                ),
            )
        ],
        environment_settings=[
            models.EnvironmentSetting(name=name, value=value)
            for name, value in task.environment.items()
        ],
        constraints=models.BatchTaskConstraints(
            max_wall_clock_time=task.time_limit, max_task_retry_count=task.max_retries
        ),
    )


def add(batch: AzureBatch, job_id: str, count: int) -> list[tuple[float, int]]:
    """Add tasks to a new job; give the seconds since the start after each request, and how many."""
    batch.create_job(JobSettings(job_id, "no-such-pool"))
    progress = [(0.0, 0)]
    began = time.perf_counter()
    batch.add_tasks(
        job_id,
        tasks(count),
        on_added=lambda added: progress.append((time.perf_counter() - began, added)),
    )
    check_count(batch, job_id, count)
    return progress


def add_by_sdk(batch: AzureBatch, sdk: BatchClient, job_id: str, count: int) -> float:
    """Add tasks as the SDK's own helper does; give the seconds."""
    batch.create_job(JobSettings(job_id, "no-such-pool"))
    began = time.perf_counter()
    sdk.create_tasks(job_id, [sdk_task(task) for task in tasks(count)])
    seconds = time.perf_counter() - began
    check_count(batch, job_id, count)
    return seconds


def check_count(batch: AzureBatch, job_id: str, count: int) -> None:
    """Make sure that the job has all tasks."""
    total = batch.task_counts(job_id).total
    if total != count:
        raise SystemExit(f"error: job {job_id} has {total} tasks instead of {count}")


def rate(progress: list[tuple[float, int]], begin: float, end: float) -> float:
    """Tasks a second between two shares of all tasks."""
    total = progress[-1][1]
    part = [point for point in progress if begin * total <= point[1] <= end * total]
    (first_time, first), (last_time, last) = part[0], part[-1]
    return (last - first) / (last_time - first_time)


def report_stream(service: Service, batch: AzureBatch, count: int) -> None:
    """Add all tasks once and print rates and memory."""
    progress = add(batch, "stream", count)
    client = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    first, last = rate(progress, 0, 0.1), rate(progress, 0.9, 1)
    print(f"{count:,} tasks: {count / progress[-1][0]:,.0f} a second")
    print(f"first tenth {first:,.0f}, last tenth {last:,.0f} a second: ratio {last / first:.2f}")
    print(f"peak memory: client {client:.0f} MB, emulator {service.peak_megabytes():.0f} MB")


def report_ratio(service: Service, batch: AzureBatch, rounds: int) -> None:
    """Add a few tasks both ways in turn and print the ratio."""
    ours, theirs = [], []
    with BatchClient(service.url, service.credential) as sdk:
        for number in range(rounds):
            ours.append(add(batch, f"ours-{number}", SDK_TASKS)[-1][0])
            theirs.append(add_by_sdk(batch, sdk, f"sdk-{number}", SDK_TASKS))
    ratio = statistics.median(ours) / statistics.median(theirs)
    print(
        f"{SDK_TASKS:,} tasks, {rounds} rounds: {ratio:.2f} of the time of the SDK's create_tasks"
    )


def main() -> None:
    """Measure against an emulator in a folder that is deleted afterwards."""
    parser = argparse.ArgumentParser(description="Measure how fast tasks are added.")
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, emulator(Path(home)) as service:
        batch = AzureBatch(service.url, service.credential)
        report_stream(service, batch, options.tasks)
        report_ratio(service, batch, options.rounds)


if __name__ == "__main__":
    main()
