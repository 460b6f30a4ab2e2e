"""Imports point one way, never in a circle, and nothing leaves the platforms we promise."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"

# A row of a table of ARCHITECTURE.md: a part, what it holds, and the parts that it may import.
ROW = re.compile(r"\| `(?P<part>\w+)/?` \|.*\| (?P<knows>[^|]+) \|")


def read_directions(text: str) -> dict[str, set[str]]:
    """Read the tables under `The folders`: every part, and the parts that it may import."""
    section = text.partition("\n## The folders\n")[2].partition("\n## ")[0]
    rows = filter(None, map(ROW.fullmatch, section.splitlines()))
    known = {row["part"]: {*re.findall(r"`(\w+)`", row["knows"]), "errors"} for row in rows}
    return {**known, "errors": set()}


ALLOWED = read_directions((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))

# Parts that decide and translate: what they need to know, they are told.
PURE = ("autoscale", "batch", "scheduler", "wire")
OUTSIDE_WORLD = {
    "os",
    "pathlib",
    "random",
    "secrets",
    "shutil",
    "socket",
    "sqlite3",
    "subprocess",
    "tempfile",
    "time",
    "uuid",
}
# Types that somebody else has made a value of: what is drawn from a `Random` follows from its seed.
PLAIN_TYPES = {"random.Random", "uuid.UUID"}
CLOCKS = {"now", "today", "utcnow"}

# Needed without being imported: uvicorn parses requests, ruamel.yaml YAML with them.
IMPLICIT = {"httptools", "ruamel.yaml.clib"}

POSIX_PARTS = ("agent", "emulator")
POSIX_ONLY = re.compile(
    r"(fcntl|grp|posix|pty|pwd|resource|syslog|termios|tty)(\..+)?"
    r"|os\.(chown|chroot|fork|forkpty|gete?[gu]id|getgroups|getloadavg|getpgid|getpgrp|getsid"
    r"|killpg|lchown|mkfifo|mknod|nice|openpty|posix_spawnp?|sched_[gs]etaffinity|setgid"
    r"|setpgid|setpgrp|setsid|setuid|statvfs|uname|wait|wait3|wait4|waitid)"
    r"|signal\.(SIG(ALRM|CHLD|CONT|HUP|KILL|QUIT|STOP|TSTP|USR1|USR2|WINCH)|alarm|pause"
    r"|pthread_kill|pthread_sigmask|setitimer|sigwait)"
    r"|socket\.AF_UNIX"
)


@dataclass(frozen=True)
class Module:
    """One module: its dotted name and its parsed text."""

    name: str
    tree: ast.Module
    is_package: bool = False

    @property
    def part(self) -> str:
        """The folder or module under `runfleet` that it belongs to."""
        return part_of(self.name)


@dataclass(frozen=True)
class Import:
    """One imported name, and the line that imports it."""

    target: str
    line: int


def part_of(name: str) -> str:
    """`study` of `runfleet.study.load`; the root package is a part of its own."""
    root, _, rest = name.partition(".")
    return rest.partition(".")[0] or root


def load_module(path: Path) -> Module:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    name = ".".join(parts[:-1] if is_package else parts)
    return Module(name, ast.parse(path.read_text(encoding="utf-8"), str(path)), is_package)


def imports_of(module: Module) -> Iterator[Import]:
    """Every import of a module, wherever in it: also inside functions and for types alone."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = absolute_origin(module, node)
            yield from (Import(f"{origin}.{alias.name}", node.lineno) for alias in node.names)


def absolute_origin(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = module.name.split(".")
    kept = package[: len(package) - node.level + module.is_package]
    return ".".join([*kept, *([node.module] if node.module else [])])


def uses_of(module: Module) -> Iterator[Import]:
    """Every `name.attribute` of a module, as if it had been imported there."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield Import(f"{node.value.id}.{node.attr}", node.lineno)


def calls_of(module: Module) -> Iterator[Import]:
    """Every name that a module calls as it stands."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield Import(node.func.id, node.lineno)


def wrong_directions(module: Module) -> Iterator[str]:
    allowed = ALLOWED.get(module.part)
    if allowed is None:
        yield f"{module.name}: `{module.part}` is not in the table of directions"
        return
    for found in imports_of(module):
        target = part_of(found.target)
        if found.target.split(".")[0] == "runfleet" and target not in {module.part, *allowed}:
            rule = f"`{module.part}` may import only {sorted(allowed)}"
            yield f"{module.name}:{found.line} imports `{found.target}`: {rule}"


def needless_directions(modules: list[Module]) -> Iterator[str]:
    """What the table allows and nobody does, but for `errors`, which is there for all."""
    used = defaultdict[str, set[str]](set)
    for module in modules:
        used[module.part] |= {part_of(found.target) for found in imports_of(module)}
    for part, allowed in ALLOWED.items():
        for name in sorted(allowed - used[part] - {"errors"}):
            yield f"`{part}` does not import `{name}`, as ARCHITECTURE.md says"


def worldly_imports(module: Module) -> Iterator[str]:
    if module.part not in PURE:
        return
    rule = f"`{module.part}` reads no clock, socket or file, and draws no lots"
    for found in imports_of(module):
        if found.target.split(".")[0] in OUTSIDE_WORLD and found.target not in PLAIN_TYPES:
            yield f"{module.name}:{found.line} imports `{found.target}`: {rule}"
    for found in uses_of(module):
        owner, name = found.target.split(".")
        if owner in {"datetime", "date"} and name in CLOCKS:
            yield f"{module.name}:{found.line} calls `{found.target}`: {rule}"
    for found in calls_of(module):
        if found.target == "Random":
            yield f"{module.name}:{found.line} makes a `{found.target}`: {rule}"


def posix_only_imports(module: Module) -> Iterator[str]:
    if module.part in POSIX_PARTS:
        return
    for found in (*imports_of(module), *uses_of(module)):
        if POSIX_ONLY.fullmatch(found.target):
            rule = f"only {' and '.join(POSIX_PARTS)} may need POSIX"
            yield f"{module.name}:{found.line} uses `{found.target}`: {rule}"


def declared_distributions() -> set[str]:
    """What `pip install runfleet` is told to install."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {re.split(r"[<>=!~\[ ]", line)[0] for line in project["dependencies"]}


def imported_distributions(modules: list[Module]) -> set[str]:
    """What the modules import that neither Python nor we bring."""
    origins = packages_distributions()
    found = {tuple(found.target.split(".")) for module in modules for found in imports_of(module)}
    foreign = {parts for parts in found if parts[0] not in {*sys.stdlib_module_names, "runfleet"}}
    return {distribution_of(parts, origins).lower().replace("_", "-") for parts in foreign}


def distribution_of(parts: tuple[str, ...], origins: Mapping[str, list[str]]) -> str:
    """`numpy` of `numpy.linalg`; `azure-core` of `azure.core`, `ruamel.yaml` of its like."""
    owners = origins.get(parts[0], [parts[0]])
    named = {owner.replace(".", "-"): owner for owner in owners}
    names = ("-".join(parts[:length]) for length in range(len(parts), 1, -1))
    return next((named[name] for name in names if name in named), owners[0])


def import_graph(modules: list[Module]) -> dict[str, set[str]]:
    """What each module imports of ours: a submodule where there is one, else its package."""
    names = {module.name for module in modules}
    graph: dict[str, set[str]] = {name: set() for name in names}
    for module in modules:
        for found in imports_of(module):
            package = found.target.rpartition(".")[0]
            target = found.target if found.target in names else package
            graph[module.name] |= {target} & names - {module.name}
    return graph


def parse(text: str, *, name: str) -> Module:
    return Module(name, ast.parse(text))


@pytest.fixture(scope="module")
def modules() -> list[Module]:
    """All modules of the package."""
    return [load_module(path) for path in sorted(SOURCE.rglob("*.py"))]


def test_imports_point_one_way(modules: list[Module]) -> None:
    """A part imports the parts below it, as the table says."""
    assert not [wrong for module in modules for wrong in wrong_directions(module)]


def test_the_table_allows_no_more_than_is_needed(modules: list[Module]) -> None:
    """Who reads the table learns what knows what, and not what once did."""
    assert not list(needless_directions(modules))


def test_imports_make_no_circle(modules: list[Module]) -> None:
    """Also inside a part, no module reaches itself again through its imports."""
    try:
        TopologicalSorter(import_graph(modules)).prepare()
    except CycleError as error:
        pytest.fail(f"circle of imports: {' <- '.join(error.args[1])}")


def test_pure_parts_know_no_clock_socket_or_file(modules: list[Module]) -> None:
    """Time and outside facts reach the pure parts as arguments."""
    assert not [wrong for module in modules for wrong in worldly_imports(module)]


def test_posix_stays_in_agent_and_emulator(modules: list[Module]) -> None:
    """The client side runs on Windows too."""
    assert not [wrong for module in modules for wrong in posix_only_imports(module)]


def test_what_is_imported_is_declared(modules: list[Module]) -> None:
    """An installed runfleet lacks nothing, and brings nothing that it does not use."""
    assert imported_distributions(modules) == declared_distributions() - IMPLICIT


@pytest.mark.parametrize(
    "package", ["runfleet", "runfleet.agent.messages", "runfleet.launch.accounts.connecting"]
)
def test_importing_stays_cheap(package: str) -> None:
    """The agent starts, and accounts are opened, without the Azure SDK and pydantic."""
    program = f"import sys, {package}; print(*{{name.split('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert not set(run.stdout.split()) & {"azure", "pydantic", "pandas", "scipy", "matplotlib"}


def test_only_autoscaled_pools_cost_the_formula_language() -> None:
    """The emulator starts without it, and its library for grammars takes a while to load."""
    program = "import sys, runfleet.emulator.server; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert not set(run.stdout.split()) & {"lark", "runfleet.autoscale.evaluation"}


@pytest.mark.parametrize(
    ("name", "text", "place", "rule"),
    [
        (
            "runfleet.azure.client",
            "from runfleet.wire import errors",
            "runfleet.azure.client:1 imports `runfleet.wire.errors`",
            "`azure` may import only ['errors', 'nearest_word', 'patience', 'reasons', 'storage']",
        ),
        (
            "runfleet.study.load",
            "def load():\n    from ..launch import plan",
            "runfleet.study.load:2 imports `runfleet.launch.plan`",
            "`study` may import only ['documents', 'errors', 'nearest_word']",
        ),
        ("runfleet.wand", "", "runfleet.wand", "`wand` is not in the table of directions"),
    ],
)
def test_a_wrong_direction_is_named(name: str, text: str, place: str, rule: str) -> None:
    """The complaint names the module, the line and the rule."""
    assert list(wrong_directions(parse(text, name=name))) == [f"{place}: {rule}"]


@pytest.mark.parametrize(
    "text",
    ["import fcntl", "from os import fork", "import os\nos.killpg(1, 9)", "signal.SIGKILL"],
)
def test_posix_only_code_is_found(text: str) -> None:
    """Modules, names imported from a module, and names used through it."""
    assert len(list(posix_only_imports(parse(text, name="runfleet.cli.run")))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "import time",
        "from pathlib import Path",
        "datetime.now(UTC)",
        "import os.path",
        "import random",
        "from random import Random\nRandom()",
        "from uuid import uuid4",
    ],
)
def test_a_look_at_the_world_is_found(text: str) -> None:
    """Imports of the outside world, and clocks reached through a plain type."""
    assert len(list(worldly_imports(parse(text, name="runfleet.scheduler.core")))) == 1
