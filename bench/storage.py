"""
How fast files go to a storage account and come back, beside AzCopy, against Azurite.

Both do the same in turn: 1 GiB in one file, 5,000 files of 4 KiB and 200 of 5 MiB, each time to and
from folders that are empty. Azurite is a single process and keeps its content in memory.

    python bench/storage.py [--rounds 3] [--files 1.0] [--bytes 1.0] [--folder .build]
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from runfleet.storage import AzureBlob, download_folder, upload_folder

BUILD = Path(__file__).parents[1] / ".build"
AZURITE = BUILD / "azurite/node_modules/.bin/azurite-blob"
AZCOPY = BUILD / "azcopy/node_modules/@azure-tools/azcopy-linux/dist/bin/azcopy_linux_amd64"
ACCOUNT = "devstoreaccount1"
# Known to everybody: https://github.com/Azure/Azurite#default-storage-account
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Load:
    """Files to move."""

    name: str
    count: int
    size: int

    def scaled(self, count: float, size: float) -> Load:
        """The same with more or fewer, larger or smaller files."""
        return Load(self.name, max(1, int(self.count * count)), int(self.size * size))


@dataclass(frozen=True)
class Took:
    """What one transfer took: wall time, and processor time of the client."""

    seconds: float
    processor: float


LOADS = (
    Load("1 GiB", 1, 1 << 30),
    Load("5,000 x 4 KiB", 5_000, 4 << 10),
    Load("200 x 5 MiB", 200, 5 << 20),
)

Transfer = Callable[[AzureBlob, str, Path], None]


def main() -> None:
    """Measure, and print a table."""
    options = parse_options()
    if not AZURITE.exists():
        sys.exit("Azurite is not there; `make .build/azurite/installed` fetches it")
    if not AZCOPY.exists():
        print("AzCopy is not there; `make .build/azcopy/installed` fetches it", file=sys.stderr)
    print(f"{'':20}{'runfleet':>22}{'AzCopy':>22}   ratio of wall times")
    for load in LOADS:
        measure(load.scaled(options.files, options.bytes), options)


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Measure transfers against AzCopy.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--files", type=float, default=1.0, help="times their number")
    parser.add_argument("--bytes", type=float, default=1.0, help="times their size")
    parser.add_argument("--folder", type=Path, default=BUILD, help="where files are kept")
    return parser.parse_args()


def measure(load: Load, options: argparse.Namespace) -> None:
    """Move one load with both programs, in turn, and print a line a direction."""
    folder = options.folder.absolute() / f"bench-storage-{os.getpid()}"
    source = make_files(folder / "source", load)
    took: dict[tuple[str, str], list[Took]] = {}
    for number in range(options.rounds):
        for turn, (name, (upload, _)) in enumerate(programs().items()):
            with azurite() as storage:
                storage.create_container("bench")
                took.setdefault(("up", name), []).append(timed(upload, storage, source))
                for reader, one in downloads(storage, folder, load, swapped=(number + turn) % 2):
                    took.setdefault(("down", reader), []).append(one)
    shutil.rmtree(folder)
    for direction in ("up", "down"):
        ours, theirs = (took.get((direction, name), []) for name in ("runfleet", "azcopy"))
        print_line(f"{load.name} {direction}", ours, theirs)


def downloads(
    storage: AzureBlob, folder: Path, load: Load, *, swapped: int
) -> Iterator[tuple[str, Took]]:
    """
    Have each program fetch what one of them has brought, in turns the first.

    Azurite is slow for a while after an upload, the more so the faster that was: a program that
    fetched only what itself had brought would pay for the speed of its uploads.
    """
    for name, (_, download) in sorted(programs().items(), reverse=bool(swapped)):
        target = folder / name
        target.mkdir()
        yield name, timed(download, storage, target)
        check(target, load)
        shutil.rmtree(target)


def make_files(folder: Path, load: Load) -> Path:
    """Write the files of a load."""
    folder.mkdir(parents=True)
    content = os.urandom(min(load.size, 1 << 20))
    for number in range(load.count):
        with (folder / f"{number:05}").open("wb") as file:
            for start in range(0, load.size, len(content)):
                file.write(content[: load.size - start])
    return folder


@contextmanager
def azurite() -> Iterator[AzureBlob]:
    """Run an Azurite of its own, so that nothing of an earlier transfer is left."""
    command = [str(AZURITE), "--blobPort", "0", "--inMemoryPersistence", "--skipApiVersionCheck"]
    command += ["--disableTelemetry", "--silent"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        lines = (line.decode() for line in process.stdout)
        url = next(line.split()[-1] for line in lines if "successfully listens" in line)
        yield AzureBlob(f"{url}/{ACCOUNT}", KEY)
        process.kill()


def timed(transfer: Transfer, storage: AzureBlob, folder: Path) -> Took:
    """Carry out a transfer; processor time is our own and that of programs that it started."""
    began, used = time.perf_counter(), processor_seconds()
    transfer(storage, "bench", folder)
    return Took(time.perf_counter() - began, processor_seconds() - used)


def processor_seconds() -> float:
    """Processor time of this process, and of those that it has waited for."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def upload_by_azcopy(storage: AzureBlob, container: str, folder: Path) -> None:
    """Copy a folder's files to a container."""
    url = storage.container_url(container, life=HOUR, write=True)
    run_azcopy(f"{folder}/*", url)


def download_by_azcopy(storage: AzureBlob, container: str, folder: Path) -> None:
    """Copy a container's blobs to a folder."""
    path, _, signature = storage.container_url(container, life=HOUR).partition("?")
    run_azcopy(f"{path}/*?{signature}", str(folder))


def run_azcopy(source: str, target: str) -> None:
    """Copy with AzCopy's own settings, but without a look at newer versions of it."""
    command = [str(AZCOPY), "copy", source, target, "--recursive", "--from-to"]
    command += ["LocalBlob" if target.startswith("http") else "BlobLocal"]
    command += ["--skip-version-check", "--log-level", "NONE", "--output-level", "quiet"]
    subprocess.run(command, check=True)


def upload(storage: AzureBlob, container: str, folder: Path) -> None:
    """Copy a folder's files to a container."""
    upload_folder(storage, container, folder)


def download(storage: AzureBlob, container: str, folder: Path) -> None:
    """Copy a container's blobs to a folder."""
    download_folder(storage, container, folder)


def programs() -> dict[str, tuple[Transfer, Transfer]]:
    """What there is to compare, each with its two directions."""
    theirs = {"azcopy": (upload_by_azcopy, download_by_azcopy)} if AZCOPY.exists() else {}
    return {"runfleet": (upload, download), **theirs}


def check(folder: Path, load: Load) -> None:
    """See that all has come back."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    assert sizes == [load.size] * load.count, f"{len(sizes)} files have come back to {folder}"


def print_line(title: str, ours: list[Took], theirs: list[Took]) -> None:
    """Print medians of wall time and processor time, and the ratio."""
    line = f"{title:20}{cell(ours):>22}"
    if theirs:
        pairs = zip(ours, theirs, strict=True)
        ratio = statistics.median(one.seconds / other.seconds for one, other in pairs)
        line += f"{cell(theirs):>22}   {ratio:.2f}"
    print(line, flush=True)


def cell(took: list[Took]) -> str:
    """Write the medians of one program."""
    seconds = statistics.median(one.seconds for one in took)
    processor = statistics.median(one.processor for one in took)
    return f"{seconds:.2f} s ({processor:.2f} CPU)"


if __name__ == "__main__":
    main()
