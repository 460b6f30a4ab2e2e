"""
What the node agent costs a run, beside the run itself.

The work: `sh -c 'echo $P > out.txt'`, two at a time, each in a folder of its own with stdout and
stderr kept. The floor makes the folders and starts the processes in a bare loop, and does no more;
the agent is told of each run over its socket, also uploads the three files to a container, journals
the end and tells it. Rounds are interleaved.

    python bench/agent.py [--runs 2000] [--rounds 5] [--folder .build]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runfleet.agent.link import AgentLink
from runfleet.agent.messages import (
    Ended,
    Execute,
    FilesToUpload,
    Message,
    Subject,
    SubjectKind,
)
from runfleet.agent.process import AgentProcess

COMMAND = "sh -c 'echo $P > out.txt'"
BUILD = Path(__file__).parents[1] / ".build"
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
SLOTS = 2


@dataclass(frozen=True)
class Measurement:
    """Milliseconds a run, as the clock shows and of the runner's own processor time."""

    wall: float
    processor: float


def measure_floor(folder: Path, runs: int) -> Measurement:
    """Start processes in a bare loop."""
    started, processor = time.perf_counter(), time.process_time()
    for number in range(runs):
        if number >= SLOTS:
            os.wait()
        start_bare(f"{folder}/run-{number}", number)
    for _ in range(min(SLOTS, runs)):
        os.wait()
    return per_run(time.perf_counter() - started, time.process_time() - processor, runs)


def start_bare(folder: str, number: int) -> None:
    """Start one run, with no more than it needs."""
    os.mkdir(folder)
    os.mkdir(folder + "/wd")
    flags = os.O_WRONLY | os.O_CREAT
    streams = [os.open(f"{folder}/{name}.txt", flags, 0o644) for name in ("stdout", "stderr")]
    os.chdir(folder + "/wd")
    actions = [(os.POSIX_SPAWN_DUP2, stream, 1 + i) for i, stream in enumerate(streams)]
    environment = {"PATH": "/usr/bin:/bin", "P": str(number)}
    arguments = ["sh", "-c", "echo $P > out.txt"]
    os.posix_spawn("/bin/sh", arguments, environment, file_actions=actions, setsid=True)
    for stream in streams:
        os.close(stream)


def measure_agent(folder: Path, runs: int) -> Measurement:
    """Let an agent carry out the same runs, and upload their files."""
    container = folder / "storage" / "study-bench"
    container.mkdir(parents=True)
    executions = (execution(folder, container.as_uri(), number) for number in range(runs))
    return asyncio.run(drive(folder, executions, runs))


async def drive(folder: Path, executions: Iterator[Execute], runs: int) -> Measurement:
    """Keep two runs going until all have ended."""
    ended: asyncio.Queue[Ended] = asyncio.Queue()

    def on_message(message: Message) -> None:
        if isinstance(message, Ended):
            ended.put_nowait(message)
            send_next()

    def send_next() -> None:
        following = next(executions, None)
        if following is not None:
            link.send(following)

    agent = AgentProcess.start(folder)
    link = await AgentLink.start(folder, on_message=on_message, on_lost=lambda: None, agent=agent)
    pid = agent.process.pid
    started, processor = time.perf_counter(), processor_seconds(pid)
    for _ in range(SLOTS):
        send_next()
    for _ in range(runs):
        check(await ended.get())
    wall, spent = time.perf_counter() - started, processor_seconds(pid) - processor
    await link.stop()
    return per_run(wall, spent, runs)


def execution(state: Path, container_url: str, number: int) -> Execute:
    """Describe a run as the emulator does."""
    root, name = f"{state}/nodes/0a1b2c3d", f"run-{number:05}"
    directory = f"workitems/bench/job-1/{name}"
    environment = {
        "AZ_BATCH_ACCOUNT_NAME": "local",
        "AZ_BATCH_ACCOUNT_URL": "http://127.0.0.1:12345",
        "AZ_BATCH_POOL_ID": "bench",
        "AZ_BATCH_NODE_ID": "tvmps_0a1b2c3d",
        "AZ_BATCH_NODE_IS_DEDICATED": "true",
        "AZ_BATCH_NODE_ROOT_DIR": root,
        "AZ_BATCH_NODE_SHARED_DIR": f"{root}/shared",
        "AZ_BATCH_NODE_STARTUP_DIR": f"{root}/startup",
        "AZ_BATCH_JOB_ID": "bench",
        "AZ_BATCH_TASK_ID": name,
        "AZ_BATCH_TASK_DIR": f"{root}/{directory}",
        "AZ_BATCH_TASK_WORKING_DIR": f"{root}/{directory}/wd",
        "P": str(number),
    }
    uploads = (
        FilesToUpload("../std*.txt", container_url, f"runs/bench/{name}"),
        FilesToUpload("out.txt", container_url, f"runs/bench/{name}/out.txt"),
    )
    subject = Subject(SubjectKind.TASK, "bench", "tvmps_0a1b2c3d", "bench", name)
    return Execute(number, subject, root, directory, COMMAND, environment, uploads=uploads)


def check(ended: Ended) -> None:
    """Measure nothing that has not worked."""
    if ended.exit_code != 0 or ended.failure:
        raise SystemExit(f"error: {ended.subject.task_id} failed: {ended}")


def processor_seconds(pid: int) -> float:
    """Give the processor time of a process, without that of its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def per_run(wall: float, processor: float, runs: int) -> Measurement:
    """Turn seconds in all into milliseconds a run."""
    return Measurement(1000 * wall / runs, 1000 * processor / runs)


def report(name: str, measurements: list[Measurement]) -> None:
    """Print medians."""
    wall = statistics.median(one.wall for one in measurements)
    processor = statistics.median(one.processor for one in measurements)
    print(f"{name:<28} {wall:6.3f} ms a run, {processor:6.3f} ms of its own processor time")


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=BUILD)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-agent-", dir=options.folder.resolve()))
    floor: list[Measurement] = []
    agent: list[Measurement] = []
    for number in range(options.rounds):
        for name, measure, into in (("f", measure_floor, floor), ("a", measure_agent, agent)):
            place = folder / f"{name}{number}"
            place.mkdir()
            into.append(measure(place, options.runs))
    report("floor: bare posix_spawn", floor)
    report("agent, with three uploads", agent)
    pairs = zip(floor, agent, strict=True)
    over = statistics.median(above.processor - below.processor for below, above in pairs)
    print(f"the agent's own processor time over the floor: {over:.3f} ms a run")


if __name__ == "__main__":
    main()
