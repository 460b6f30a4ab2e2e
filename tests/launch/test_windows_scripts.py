"""The batch files of runs on Windows nodes, carried out by Wine's `cmd`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

from runfleet.agent.addresses import fixed_addresses
from runfleet.launch.errors import LaunchError
from runfleet.launch.scripts import overlay_target
from runfleet.launch.windows_scripts import RUN_FILE, RUN_LINE, run_script
from runfleet.study import Study
from runfleet.study.model import Model, Output, PackageReference, SharedInput
from runfleet.study.mpi import Implementation, Mpi

pytestmark = pytest.mark.needs("wine")

# Debian's `wine` is a script, and its shell drops variables whose names hold `#`.
LOADER = next(filter(os.path.exists, ["/usr/lib/wine/wine64"]), "wine")


@pytest.fixture(scope="module")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a Wine of its own, which stays warm."""
    prefix = tmp_path_factory.mktemp("wine")
    environment = {"PATH": os.environ["PATH"], "WINEPREFIX": str(prefix), "WINEDEBUG": "-all"}
    environment["WINELOADER"] = LOADER
    subprocess.run(["wine", "wineboot", "--init"], env=environment, check=True, capture_output=True)
    subprocess.run(["wineserver", "-w"], env=environment, check=True)
    subprocess.run(["wineserver", "-p"], env=environment, check=True)
    # What this starts would keep the pipes of a test open.
    subprocess.run(["wine", "cmd", "/c", "exit"], env=environment, check=True)
    yield environment
    subprocess.run(["wineserver", "-k"], env=environment, check=True)
    subprocess.run(["wineserver", "-w"], env=environment, check=True)


@dataclass
class Node:
    """A folder for a run and one for the preparation task, as a node has them."""

    root: Path
    wine: dict[str, str]

    def __post_init__(self) -> None:
        self.work.mkdir(parents=True)
        self.shared.mkdir(parents=True)

    @property
    def work(self) -> Path:
        return self.root / "a run's wd"

    @property
    def shared(self) -> Path:
        return self.root / "preparation & wd"

    def run(self, model: Model, **environment: str) -> subprocess.CompletedProcess[str]:
        script = run_script(model).replace("\n", "\r\n")
        (self.shared / RUN_FILE).write_text(script, newline="")
        folder = "Z:" + str(self.shared).replace("/", "\\")
        # As an argument, `wine` writes a backslash before each quote of it.
        line = RUN_LINE.removeprefix('cmd /s /c "').removesuffix('"')
        with fixed_addresses():
            return subprocess.run(
                [LOADER, "cmd", "/s", "/c", "%RUN%"],
                cwd=self.work,
                env={
                    **self.wine,
                    "AZ_BATCH_JOB_PREP_WORKING_DIR": folder,
                    "RUN": line.replace("%AZ_BATCH_JOB_PREP_WORKING_DIR%", folder),
                    **environment,
                },
                capture_output=True,
                text=True,
                check=False,
            )

    def share(self, path: str, content: str) -> None:
        file = self.shared / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)


@pytest.fixture
def node(tmp_path: Path, wine: dict[str, str]) -> Node:
    return Node(tmp_path, wine)


def shared_input(path: str, *, link: bool = False) -> SharedInput:
    return SharedInput(PurePosixPath(path), Path(path), link)


def test_the_exit_code_is_the_commands(node: Node) -> None:
    """Also where outputs are looked for afterwards."""
    model = Model("exit 3", outputs=(Output("out.txt"),))
    assert node.run(model).returncode == 3


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        ("echo a&echo b", "a\nb\n"),
        ('echo "x & y" ^& (z)', '"x & y" & (z)\n'),
        ("echo %NOVALUE% %X% 100%", "%NOVALUE% a  b 100%\n"),
        ("echo one\necho two\n", "one\ntwo\n"),
        ("cmd.exe /c echo %X%", "a  b\n"),
        ("cmd.exe /c echo 1 2>err.txt >&2", ""),
        ('cmd /c "echo a  b"', "a  b\n"),
        ("for %i in (1 2) do @echo %i", "1\n2\n"),
    ],
)
def test_commands_mean_what_they_mean_on_a_command_line(
    node: Node, command: str, printed: str
) -> None:
    """Whatever is special to `cmd` in them."""
    done = node.run(Model(command), X="a  b")
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert lines[: printed.count("\n")] == printed.splitlines(), done.stderr


@pytest.mark.parametrize(
    ("command", "code", "printed"),
    [
        ("cmd.exe /c exit 3 && cmd.exe /c echo yes", 3, ""),
        ("cmd.exe /c exit -5&&echo yes", 251, ""),
        ("cmd.exe /c echo a && cmd.exe /c exit 3 && cmd.exe /c echo b", 3, "a\n"),
        ("cmd.exe /c echo a && cmd.exe /c echo b && cmd.exe /c exit 4", 4, "a\nb\n"),
        ("cmd.exe /c echo a>1.txt && type 1.txt 2>&1 && echo b>2.txt && type 2.txt", 0, "a\nb\n"),
        ('echo "x && y" && echo 100%', 0, '"x && y"\n100%\n'),
        ("mkdir sub && cd sub && echo a>x && cd ..&& type sub\\x", 0, "a\n"),
        ("cd nosuch && echo yes", 1, ""),
        ("type nosuch && echo yes", 1, ""),
        ("set NEW=1&& cmd.exe /c echo %X% %NEW%", 0, "a  b 1\n"),
        ("prepare.bat && cmd.exe /c echo %NEW%", 0, "2\n"),
        ("prepare && cmd.exe /c echo %NEW%", 0, "2\n"),
        ("prepare.bat && prepare.bat stop && echo yes", 1, ""),
        ('echo a| find "a" && echo b', 0, "a\nb\n"),
        ("@echo a && exit 5 && echo b", 5, "a\n"),
        ("say.bat 50% && cmd /c exit 6 && echo b", 6, "50%\n"),
    ],
)
def test_a_step_begins_if_those_before_it_have_succeeded(
    node: Node, command: str, code: int, printed: str
) -> None:
    """Wine's `cmd` goes on after `&&` whatever came before."""
    (node.work / "say.bat").write_text("@echo %1\r\n")
    (node.work / "prepare.bat").write_text('@set NEW=2\r\n@if "%1"=="stop" exit /b 7\r\n')
    done = node.run(Model(command), X="a  b")
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert (done.returncode, lines) == (code, printed.splitlines()), done.stderr


@pytest.mark.parametrize(
    ("command", "code", "printed"),
    [
        ("cmd.exe /c exit 3\nif errorlevel 1 exit 7\necho yes", 7, ""),
        ("cmd.exe /c exit 0\nif errorlevel 1 exit 7\necho yes", 0, "yes\n"),
        ("cmd.exe /c exit -3\nif %ERRORLEVEL% neq 0 exit /b 9\necho yes", 9, ""),
        ("cmd.exe /c exit 3\nif %ERRORLEVEL% neq 0 goto failed\nexit 0\n:failed\nexit 8", 8, ""),
        ("rem the first\n:: the second\necho yes", 0, "yes\n"),
        ("set NEW=1\n\nmkdir sub\ncd sub\necho %NEW% %X% 100% %1", 0, "1 a  b 100% %1\n"),
        ("if exist nosuch (\necho a\n) else (\necho b\n)\necho c", 0, "b\nc\n"),
        ("for %i in (1 2) do echo %i%i\nfor %%i in (3) do echo %%i", 0, "11\n22\n3\n"),
        ("step.bat\nstep x\nif exist step.bat step.bat y\nexit 4", 4, "()\n(x)\n(y)\n"),
        ("cmd.exe /c exit 3 && echo a\necho b && cmd.exe /c exit 5", 5, "b\n"),
        ("cmd.exe /c exit 3\ncmd.exe /c exit 0", 0, ""),
        ("cmd.exe /c exit 3 && cmd.exe /c echo a\ncmd.exe /c echo b", 0, "b\n"),
    ],
)
def test_a_command_of_several_lines_means_what_it_means_in_a_batch_file(
    node: Node, command: str, code: int, printed: str
) -> None:
    """Batch files that it starts come back all the same."""
    (node.work / "step.bat").write_text("@echo (%1)\r\n")
    done = node.run(Model(command), X="a  b")
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert (done.returncode, lines) == (code, printed.splitlines()), done.stderr


def test_outputs_are_looked_for_after_a_command_of_several_lines(node: Node) -> None:
    """Whatever it does to its shell, and wherever it goes."""
    model = Model("mkdir sub\ncd sub\nexit 0", outputs=(Output("out.txt"),))
    assert node.run(model).returncode == 66
    (node.work / "out.txt").touch()
    assert node.run(model).returncode == 0


@pytest.mark.parametrize(
    "command",
    [
        'echo 1 > "out put.txt"',
        'cmd.exe /c echo 1 > (out) & ren (out) "out put.txt"',
        'mkdir sub& cd sub& echo 1 > "..\\out put.txt"',
        'echo 1 > "out put.txt"& exit 0',
    ],
)
def test_a_run_that_leaves_its_outputs_succeeds(node: Node, command: str) -> None:
    """Whatever the command does to its shell."""
    done = node.run(Model(command, outputs=(Output("out put.txt"),)))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", ["rem", "exit 0"])
@pytest.mark.parametrize(
    "pattern",
    ["its $HERE & (100%).txt", "*.rpt", "results/**/*.csv", "**/x", "deep/a b"],
)
def test_a_missing_output_fails_the_run(node: Node, command: str, pattern: str) -> None:
    """A run has succeeded when it exited 0 and its required outputs are there."""
    done = node.run(Model(command, outputs=(Output(pattern),)), HERE="x")
    assert done.returncode == 66
    assert done.stderr.strip() == f"runfleet: the required output `{pattern}` is missing"


@pytest.mark.parametrize(
    ("pattern", "made", "meant"),
    [
        ("head.txt", "out & (1)/HEAD.txt", "out & (1)/head.txt"),
        ("its (100%) & $X.txt", "out/its (100%) & a.txt", "out/its (100%) & $X.txt"),
        ("out/**/*.rpt", "net.rpt", "*.rpt"),
        ("out/*", "net.rpt", None),
    ],
)
def test_a_missing_output_that_is_elsewhere_is_named(
    node: Node, pattern: str, made: str, meant: str | None
) -> None:
    """In the run's folder, or in one there."""
    (node.work / made).parent.mkdir(exist_ok=True)
    (node.work / made).touch()
    done = node.run(Model("rem", outputs=(Output(pattern),)), X="a")
    suggestion = f"; did you mean `{meant}`?" if meant else ""
    assert done.returncode == 66
    assert (
        done.stderr.strip() == f"runfleet: the required output `{pattern}` is missing{suggestion}"
    )


def test_a_folder_is_no_output(node: Node) -> None:
    """Unless something else keeps its files."""
    (node.work / "out & (1)" / "deep").mkdir(parents=True)
    output = Output("out & (1)/deep")
    done = node.run(Model("rem", outputs=(output,)))
    assert done.returncode == 66
    assert done.stderr.strip().partition("output ")[2] == (
        "`out & (1)/deep` is a folder: write `out & (1)/deep/**` to keep its files"
    )
    (node.work / "out & (1)" / "deep" / "a.txt").touch()
    assert node.run(Model("rem", outputs=(output, Output("out & (1)/deep/**")))).returncode == 0


@pytest.mark.parametrize(
    ("pattern", "file"),
    [
        ("*.rpt", "net 1.rpt"),
        ("results/**/*.csv", "results/a/b/c.csv"),
        ("results/**/*.csv", "results/c.csv"),
        ("**", "any"),
        ("out/fixed/c?.csv", "out/fixed/c1.csv"),
        ("it's & (so) 100%.txt", "it's & (so) 100%.txt"),
        ("$CASE.txt", "dry year.txt"),
        ("${CASE}s.txt", "dry years.txt"),
        ("%CASE%s.txt", "dry years.txt"),
        ("./out.txt", "out.txt"),
    ],
)
def test_an_output_is_found_by_its_pattern(node: Node, pattern: str, file: str) -> None:
    """The patterns mean what they mean to Batch."""
    made = node.work / file
    made.parent.mkdir(parents=True, exist_ok=True)
    made.touch()
    done = node.run(Model("rem", outputs=(Output(pattern),)), CASE="dry year")
    assert (done.returncode, done.stderr) == (0, "")


def test_each_run_gets_a_copy_of_the_inputs(node: Node) -> None:
    """A run that writes to its input does not disturb the others."""
    node.share("copied/deep/net 1.inp", "old")
    model = Model('echo new > "deep\\net 1.inp"', inputs=(shared_input("deep/net 1.inp"),))
    assert node.run(model).returncode == 0
    assert (node.work / "deep/net 1.inp").read_text().strip() == "new"
    assert (node.shared / "copied/deep/net 1.inp").read_text() == "old"


def test_each_run_has_the_empty_folders_of_its_inputs(node: Node) -> None:
    """Old programs write to them, and make none."""
    node.share("copied/work/net.inp", "x")
    folders = (PurePosixPath("work/heads"), PurePosixPath("a & b/50%/deep"))
    command = "echo 1 > work\\heads\\H001.DAT"
    model = Model(command, inputs=(shared_input("work/net.inp"),), folders=folders)
    assert node.run(model).returncode == 0
    assert (node.work / "work/heads/H001.DAT").is_file()
    assert list((node.work / "a & b/50%/deep").iterdir()) == []


def test_linked_inputs_are_not_copied(node: Node) -> None:
    """Large inputs are there once a node."""
    node.share("linked/grid.bin", "large")
    node.share("copied/small (1) 100%.txt", "small")
    inputs = (shared_input("grid.bin", link=True), shared_input("small (1) 100%.txt"))
    assert node.run(Model("rem", inputs=inputs)).returncode == 0
    assert (node.work / "grid.bin").samefile(node.shared / "linked/grid.bin")
    assert (node.work / "small (1) 100%.txt").read_text() == "small"


def test_inputs_that_are_not_there_fail_the_run(node: Node) -> None:
    """Before the command begins, with a code that tells it from the command's own."""
    done = node.run(Model("echo begun", inputs=(shared_input("net.inp"),)))
    assert (done.returncode, done.stdout) == (213, "")
    assert "runfleet: the inputs could not be put into the run's folder" in done.stderr


def test_a_second_attempt_begins_in_a_clean_folder(node: Node) -> None:
    """Batch runs it in the folder of the first, and fetches no overlays again."""
    (node.root / "net.inp.j2").write_text("{{ A }}")
    (node.root / "study.yaml").write_text(
        "model: {command: 'dir /b & type sub\\net.inp & echo x> sub\\net.inp & mkdir left',"
        " retries: 1, overlays: {sub/net.inp: net.inp.j2}}\nparameters: {A: 1}\n"
    )
    model = Study.load(node.root / "study.yaml").model
    staged = node.work / overlay_target(model, PurePosixPath("sub/net.inp"))
    staged.parent.mkdir(parents=True)
    staged.write_text("rendered")
    first = node.run(model)
    assert first.stdout.split() == ["sub", "rendered"]
    assert node.run(model).stdout == first.stdout
    assert (node.work / "left").is_dir()


def test_packages_come_first_on_path(node: Node) -> None:
    """Programs in their `bin` folders are found."""
    package = node.root / "package"
    (package / "bin").mkdir(parents=True)
    (package / "bin" / "say.bat").write_text("@echo said %1\r\n@exit /b 4\r\n")
    model = Model("say hello", packages=(PackageReference("My-App", "1.0"),))
    folder = "Z:" + str(package).replace("/", "\\")
    done = node.run(model, **{"AZ_BATCH_APP_PACKAGE_MY-APP#1.0": folder})
    assert (done.stdout.strip(), done.returncode) == ("said hello", 4)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            Model("x", mpi=Mpi(2, 1, Implementation.MSMPI, "mpiexec")),
            "runs on several Windows nodes",
        ),
        (Model("x", outputs=(Output("[ab].txt"),)), "`[ab].txt` cannot be a file"),
        (Model("x", outputs=(Output("a*/**/x"),)), "`a*/**/x` cannot be a file"),
        (Model("x", outputs=(Output("a*/x"),)), "`a*/x` cannot be a file"),
        (Model("x", outputs=(Output("**/a/x"),)), "`**/a/x` cannot be a file"),
        (Model("x", inputs=(shared_input("a:b"),)), "`a:b` cannot be a file"),
        (Model("x", inputs=(shared_input("a/Aux.txt"),)), "`a/Aux.txt` cannot be a file"),
        (
            Model("x", inputs=(shared_input("A.txt"), shared_input("a.TXT"))),
            "the inputs `A.txt` and `a.TXT` are one file on Windows nodes",
        ),
        (Model("größe.exe"), "has letters that `cmd` does not read: `größe.exe`"),
    ],
)
def test_what_cmd_cannot_do_is_said_before_anything_is_submitted(
    model: Model, message: str
) -> None:
    with pytest.raises(LaunchError) as caught:
        run_script(model)
    assert message in str(caught.value)
