"""What all tests share: programs they need, and a `runfleet` with a home of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential
from hypothesis import HealthCheck, settings

from runfleet.emulator import EmulatorProcess, Fault

ROOT = Path(__file__).parents[1]
BUILD = ROOT / ".build"
EPANET = BUILD / "epanet"
AZURITE = ROOT / ".build" / "azurite" / "node_modules" / ".bin" / "azurite-blob"

# Known to everybody: https://github.com/Azure/Azurite#default-storage-account
AZURITE_ACCOUNT = "devstoreaccount1"
AZURITE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

_DISK_BYTES = 64 << 20

# A busy machine is no failure.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

RunCommand = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that needs a program which is not installed."""
    for marker in item.iter_markers("needs"):
        for program in marker.args:
            if shutil.which(program) is None:
                skip(f"`{program}` is not installed; `make test` says how")


def skip(reason: str) -> None:
    """Leave a test out. Not in CI: there, whatever is missing is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"nothing is skipped in CI: {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture
def epanet() -> Path:
    """The folder of the application package `epanet`, version 2.3.5."""
    if not (EPANET / "bin" / "runepanet").exists():
        skip("EPANET is not there; `make .build/epanet` fetches it")
    return EPANET


@pytest.fixture(scope="session")
def pest_programs() -> Path:
    """The folder with the programs of PEST and PEST++, for Windows."""
    if not (BUILD / "pest" / "installed").exists():
        skip("PEST is not there; `make .build/pest/installed` fetches it")
    return BUILD / "pest" / "bin"


@pytest.fixture(scope="session")
def epanet_windows() -> Path:
    """The folder of the application package `epanet-windows`, version 2.3.5."""
    folder = BUILD / "epanet-windows"
    if not (folder / "bin" / "epanet2.exe").exists():
        skip("EPANET for Windows is not there; `make .build/epanet` fetches it")
    return folder


@pytest.fixture
def mpich(monkeypatch: pytest.MonkeyPatch) -> str:
    """The PATH with MPICH on it; asked for before whatever starts an emulator."""
    if not (BUILD / "mpich" / "installed").exists():
        skip("MPICH is not there; `make .build/mpich/installed` installs it")
    path = f"{BUILD / 'mpich' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("PATH", path)
    return path


@pytest.fixture
def runfleet_home(tmp_path: Path) -> Path:
    """Where a test's `runfleet` keeps its state."""
    return tmp_path / "home"


@pytest.fixture
def runfleet(runfleet_home: Path) -> Iterator[RunCommand]:
    """Carry out `runfleet ARGUMENT...` in a folder; its emulator ends with the test."""
    program = Path(sys.executable).with_name("runfleet")
    environment = {**os.environ, "RUNFLEET_HOME": str(runfleet_home), "NO_COLOR": "1"}

    def run(*arguments: str | Path, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, *arguments], cwd=folder, env=environment, capture_output=True, text=True
        )

    yield run
    run("emulator", "stop")


class Emulator(EmulatorProcess):
    """A running emulator of its own, and a client of it."""

    def client(self) -> BatchClient:
        """The official SDK's client."""
        credential = AzureNamedKeyCredential(self.account, self.key)
        return BatchClient(self.url, credential, connection_verify=self.ca_file or True)


def start_emulator(home: Path, *options: str, faults: Sequence[Fault] = ()) -> Emulator:
    """Start an emulator and wait until it serves."""
    emulator = Emulator(home, faults, options=options)
    emulator.start()
    return emulator


def stop_emulator(emulator: Emulator) -> None:
    """Stop an emulator as a user would, wait until it is gone, and see that its log is clean."""
    emulator.stop()
    assert "Traceback" not in (text := emulator.log.read_text()), text


T = TypeVar("T")


def wait_for(condition: Callable[[], T], *, seconds: float = 60) -> T:
    """What a condition gives once it gives something; fails if that takes too long."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, "the condition did not come about"
        time.sleep(0.01)
    return result


@pytest.fixture(scope="module")
def emulator_options() -> tuple[str, ...]:
    """Further options of the emulator that the tests of a module share."""
    return ()


@contextmanager
def run_emulator(home: Path, *options: str) -> Iterator[Emulator]:
    """Start an emulator, and stop it at the end."""
    running = start_emulator(home, *options)
    yield running
    stop_emulator(running)


@pytest.fixture(scope="session", name="run_emulator")
def give_run_emulator() -> Callable[..., AbstractContextManager[Emulator]]:
    """Run an emulator in a folder."""
    return run_emulator


@pytest.fixture(scope="module")
def emulator(
    tmp_path_factory: pytest.TempPathFactory, emulator_options: tuple[str, ...]
) -> Iterator[Emulator]:
    """An emulator that the tests of a module share."""
    with run_emulator(tmp_path_factory.mktemp("home with 'quote'"), *emulator_options) as running:
        yield running


@pytest.fixture(name="start_emulator")
def start_emulators() -> Iterator[Callable[..., Emulator]]:
    """Start emulators that a test ends, or that are stopped after it."""
    started: list[Emulator] = []

    def start(home: Path, *options: str, faults: Sequence[Fault] = ()) -> Emulator:
        started.append(start_emulator(home, *options, faults=faults))
        return started[-1]

    yield start
    for one in started:
        stop_emulator(one)


@dataclass(frozen=True)
class Azurite:
    """A running storage emulator, and what a client needs to reach it."""

    url: str
    account: str = AZURITE_ACCOUNT
    key: str = AZURITE_KEY

    @property
    def connection_string(self) -> str:
        """As the portal shows it for an account of Azure."""
        scheme = self.url.partition(":")[0]
        return (
            f"DefaultEndpointsProtocol={scheme};AccountName={self.account};"
            f"AccountKey={self.key};BlobEndpoint={self.url};"
        )


@contextmanager
def run_azurite(*options: str | Path) -> Iterator[Azurite]:
    """Start Azurite on a free port, with its content in memory, and stop it at the end."""
    if not AZURITE.exists():
        skip("Azurite is not there; `make .build/azurite/installed` fetches it")
    command = [AZURITE, "--blobPort", "0", "--inMemoryPersistence", "--skipApiVersionCheck"]
    command += ["--disableTelemetry", "--silent", *options]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            lines = (line.decode() for line in process.stdout)
            listens = next(line for line in lines if "successfully listens on" in line)
            yield Azurite(f"{listens.split()[-1]}/{AZURITE_ACCOUNT}")
        finally:
            process.kill()


@pytest.fixture(scope="session", name="run_azurite")
def give_run_azurite() -> Callable[..., AbstractContextManager[Azurite]]:
    """Run an Azurite with options of its own."""
    return run_azurite


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """A storage emulator that all tests share: each takes containers of its own."""
    with run_azurite() as running:
        yield running


class Gate:
    """
    A way to a server: while it is shut, the server is as one that is away.

    Parameters
    ----------
    url
        Of the server.
    """

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._port = 0
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self.open()

    @property
    def url(self) -> str:
        """The server, as it is reached through here."""
        return f"http://127.0.0.1:{self._port}{self._target.path}"

    def open(self) -> None:
        """Let requests through."""
        listener = socket.create_server(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        self._open.append(listener)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def shut(self) -> None:
        """Refuse connections, and end those that are there."""
        with self._lock:
            for one in self._open:
                # Closing alone does not wake whoever waits for a connection.
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
            self._open.clear()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                here, _ = listener.accept()
                self._connect(listener, here)

    def _connect(self, listener: socket.socket, here: socket.socket) -> None:
        with self._lock:
            if listener not in self._open:
                here.close()
                return
            there = socket.create_connection((self._target.hostname or "", self._target.port or 80))
            self._open += [here, there]
        for pair in ((here, there), (there, here)):
            threading.Thread(target=_hand_on, args=pair, daemon=True).start()


def _hand_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while content := source.recv(1 << 16):
            target.sendall(content)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def gate(azurite: Azurite) -> Iterator[Gate]:
    """A way to the storage emulator, which a test may shut and open."""
    made = Gate(azurite.url)
    yield made
    made.shut()


class SmallDisk:
    """A file system in memory, which really becomes full."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._filling = folder, folder / "filling"

    def fill(self, left: int) -> None:
        """Leave so many bytes free, whatever else is written meanwhile."""
        with self._filling.open("ab") as file:
            while (surplus := self._count_free() - left) > 0:
                with suppress(OSError):
                    os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, surplus)

    def _count_free(self) -> int:
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def free(self) -> None:
        """Take away what filled it."""
        self._filling.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A small disk of its own, where one may mount file systems."""
    folder = tmp_path / "disk"
    folder.mkdir()
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    options = f"size={_DISK_BYTES},mode=777"
    mounted = subprocess.run([*root, "mount", "-t", "tmpfs", "-o", options, "tmpfs", folder])
    if mounted.returncode:
        skip("file systems cannot be mounted here")
    yield SmallDisk(folder)
    subprocess.run([*root, "umount", "--lazy", folder], check=True)


@pytest.fixture(scope="session", name="wait_for")
def give_wait_for() -> Callable[..., object]:
    """Wait for a condition."""
    return wait_for


@pytest.fixture(scope="session", name="skip")
def give_skip() -> Callable[[str], None]:
    """Leave a test out; not in CI."""
    return skip
