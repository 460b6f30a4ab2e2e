"""The scripts of runs, carried out by a real shell."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

from runfleet.launch.scripts import NOT_STAGED, overlay_target, run_script
from runfleet.study import Study
from runfleet.study.model import Model, Output, SharedInput


@dataclass
class Node:
    """A folder for a run and one for the preparation task, as a node has them."""

    root: Path

    def __post_init__(self) -> None:
        self.work.mkdir(parents=True)
        self.shared.mkdir(parents=True)

    @property
    def work(self) -> Path:
        return self.root / "a run's wd"

    @property
    def shared(self) -> Path:
        return self.root / "preparation wd"

    def run(self, model: Model, **environment: str) -> subprocess.CompletedProcess[str]:
        folders = {
            "AZ_BATCH_TASK_WORKING_DIR": str(self.work),
            "AZ_BATCH_JOB_PREP_WORKING_DIR": str(self.shared),
        }
        return subprocess.run(
            ["/bin/sh", "-c", run_script(model)],
            cwd=self.work,
            env={"PATH": os.environ["PATH"], **folders, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def share(self, path: str, content: str) -> None:
        file = self.shared / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def shared_input(path: str, *, link: bool = False) -> SharedInput:
    return SharedInput(PurePosixPath(path), Path(path), link)


def test_a_command_that_needs_nothing_is_its_own_script() -> None:
    """The shell can then make way for the program."""
    assert run_script(Model("./model 3")) == "./model 3"


def test_the_exit_code_is_the_commands(node: Node) -> None:
    """Also where outputs are looked for afterwards."""
    model = Model("exit 3", outputs=(Output("out.txt"),))
    assert node.run(model).returncode == 3


@pytest.mark.parametrize(
    "command",
    [
        "echo 1 > 'out put.txt'",
        "exec sh -c 'echo 1 > \"out put.txt\"'",
        "mkdir sub; cd sub; echo 1 > '../out put.txt'",
        "set -eu; set -f; echo 1 > 'out put.txt'; exit 0",
        "trap 'echo bye' EXIT; echo 1 > 'out put.txt' # a comment",
    ],
)
def test_a_run_that_leaves_its_outputs_succeeds(node: Node, command: str) -> None:
    """Whatever the command does to its shell."""
    done = node.run(Model(command, outputs=(Output("out put.txt"),)))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", ["true", "exec true", "cd /; exit 0"])
@pytest.mark.parametrize(
    "pattern", ["it's $HERE.txt", "*.rpt", "results/**/*.csv", "**/x", "[a-c]?.txt", "deep/a b"]
)
def test_a_missing_output_fails_the_run(node: Node, command: str, pattern: str) -> None:
    """A run has succeeded when it exited 0 and its required outputs are there."""
    done = node.run(Model(command, outputs=(Output(pattern),)), HERE="x")
    assert done.returncode == 66
    assert done.stderr == f"runfleet: the required output `{pattern}` is missing\n"


@pytest.mark.parametrize("command", [". ./settings", "true;. ./settings", "true &&\n. ./settings"])
def test_a_missing_output_fails_the_run_also_where_a_script_is_read_in(
    node: Node, command: str
) -> None:
    """What it says of the shell's end stays within it."""
    (node.work / "settings").write_text("trap 'echo bye' EXIT")
    done = node.run(Model(command, outputs=(Output("out.txt"),)))
    assert (done.returncode, done.stdout) == (66, "bye\n")


def test_a_run_that_removes_its_folder_fails(node: Node) -> None:
    """Its outputs went with the folder."""
    assert node.run(Model('rm -r "$PWD"', outputs=(Output("out.txt"),))).returncode == 66


@pytest.mark.parametrize(
    ("pattern", "file"),
    [
        ("*.rpt", "net 1.rpt"),
        ("results/**/*.csv", "results/a/b/c.csv"),
        ("results/**/*.csv", "results/c.csv"),
        ("**", "any"),
        ("[a-c]?.txt", "b1.txt"),
        ("[!a]1.txt", "b1.txt"),
        ('it\'s "odd" & `so`.txt', 'it\'s "odd" & `so`.txt'),
        ("$CASE.txt", "dry year.txt"),
        ("${CASE}s.txt", "dry years.txt"),
        ("./out.txt", "out.txt"),
    ],
)
def test_an_output_is_found_by_its_pattern(node: Node, pattern: str, file: str) -> None:
    """The patterns mean what they mean to Batch."""
    made = node.work / file
    made.parent.mkdir(parents=True, exist_ok=True)
    made.touch()
    assert node.run(Model("true", outputs=(Output(pattern),)), CASE="dry year").returncode == 0


@pytest.mark.parametrize(
    ("pattern", "made", "meant"),
    [
        ("Q.csv", "q.csv", "q.csv"),
        ("head.txt", "out dir/head.txt", "out dir/head.txt"),
        ("*.RPT", "net.rpt", "net.rpt"),
        ("deep/**/*.txt", "it's.txt", "it's.txt"),
        ("out/**", "q.csv", None),
        ("out/*", "q.csv", None),
        ("Q.csv", "other.csv", None),
    ],
)
@pytest.mark.parametrize("command", ["true", "trap - EXIT"])
def test_a_missing_output_that_is_called_alike_is_named(
    node: Node, command: str, pattern: str, made: str, meant: str | None
) -> None:
    """In other capitals, or in another folder; whatever the command does to traps."""
    (node.work / made).parent.mkdir(exist_ok=True)
    (node.work / made).touch()
    done = node.run(Model(command, outputs=(Output(pattern),)))
    suggestion = f"; did you mean `{meant}`?" if meant else ""
    assert done.returncode == 66
    assert done.stderr == f"runfleet: the required output `{pattern}` is missing{suggestion}\n"


@pytest.mark.parametrize("command", ["set -e", "trap - EXIT"])
@pytest.mark.parametrize("pattern", ["OUT/a b.dat", "OUT/*.dat", "OUT/**", "OUT/?[ ]b.dat"])
def test_a_backslash_in_a_name_leads_to_a_folder(node: Node, pattern: str, command: str) -> None:
    """As a program that was written for Windows means it; from there Batch keeps the file."""
    (node.work / "OUT\\a b.dat").write_text("1")
    (node.work / "OUT\\c.log").write_text("2")
    done = node.run(Model(command, outputs=(Output(pattern), Output("*.dat"))))
    assert (done.returncode, done.stderr) == (0, "")
    assert (node.work / "OUT/a b.dat").read_text() == "1"


@pytest.mark.parametrize("pattern", ["out/**", "out/*.csv", "**/a.csv", "out/a.csv"])
def test_a_link_to_nothing_is_no_output(node: Node, pattern: str) -> None:
    (node.work / "out").mkdir()
    (node.work / "out/a.csv").symlink_to("../kept.csv")
    model = Model("true", outputs=(Output(pattern),))
    assert node.run(model).returncode == 66
    (node.work / "kept.csv").write_text("x")
    assert node.run(model).returncode == 0


@pytest.mark.parametrize(
    ("pattern", "made", "message"),
    [
        ("o", "o/a.txt", "`o` is a folder: write `o/**` to keep its files"),
        ("deep/*", "deep/a/b.txt", "`deep/*` is a folder: write `deep/*/**` to keep its files"),
        ("deep/**", "deep/.a/b.txt", "`deep/**` is missing"),
        ("**/a", "deep/a/b.txt", "`**/a` is missing"),
        (
            "c[3].out",
            "c[3].out",
            "`c[3].out` is a pattern: for the file of that name write `[[]` in place of `[`",
        ),
    ],
)
@pytest.mark.parametrize("command", ["set -e", "trap - EXIT"])
def test_what_batch_does_not_keep_is_no_output(
    node: Node, pattern: str, made: str, message: str, command: str
) -> None:
    """Folders, names that begin with a dot, and files whose names are read as patterns."""
    (node.work / made).parent.mkdir(parents=True, exist_ok=True)
    (node.work / made).touch()
    done = node.run(Model(command, outputs=(Output(pattern),)))
    assert done.returncode == 66
    assert done.stderr == f"runfleet: the required output {message}\n"


@pytest.mark.parametrize(
    ("patterns", "files"),
    [
        (["o", "o/**"], ["o/a.txt"]),
        (["*"], ["a/b.txt", "c.txt"]),
        (["c[[]3].out"], ["c[3].out"]),
        (["c[3].out"], ["c[3].out", "c3.out"]),
        (["o/**/.*", ".b/**", "**/[.]h"], ["o/.a", ".b/c", "o/.h"]),
    ],
)
@pytest.mark.parametrize("command", ["set -e", "trap - EXIT"])
def test_what_batch_keeps_is_an_output(
    node: Node, patterns: list[str], files: list[str], command: str
) -> None:
    """A folder may be named where something else keeps its files."""
    for file in files:
        (node.work / file).parent.mkdir(parents=True, exist_ok=True)
        (node.work / file).touch()
    done = node.run(Model(command, outputs=tuple(map(Output, patterns))))
    assert (done.returncode, done.stderr) == (0, "")


def test_an_optional_output_may_be_missing(node: Node) -> None:
    """It is kept where there is one."""
    assert node.run(Model("true", outputs=(Output("x", required=False),))).returncode == 0


def test_each_run_gets_a_copy_of_the_inputs(node: Node) -> None:
    """A run that writes to its input does not disturb the others."""
    node.share("copied/deep/net 1.inp", "old")
    done = node.run(Model("echo new > 'deep/net 1.inp'", inputs=(shared_input("deep/net 1.inp"),)))
    assert done.returncode == 0, done.stderr
    assert (node.shared / "copied/deep/net 1.inp").read_text() == "old"


@pytest.mark.parametrize("retries", [0, 1])
def test_each_run_has_the_empty_folders_of_its_inputs(node: Node, retries: int) -> None:
    """Also in a second attempt, of which the folder is cleaned."""
    node.share("copied/it's/net.inp", "x")
    folders = (PurePosixPath("it's/heads"), PurePosixPath("-o/deep"))
    command = "ls -A it*/heads ./-o/deep && echo 1 > it*/heads/H001.DAT"
    model = Model(command, (), (shared_input("it's/net.inp"),), folders, retries=retries)
    printed = "./-o/deep:\n\nit's/heads:\n"
    assert [node.run(model).stdout for _ in range(retries + 1)] == [printed] * (retries + 1)


def test_folders_that_cannot_be_made_fail_the_run(node: Node) -> None:
    (node.work / "heads").touch()
    done = node.run(Model("echo begun", folders=(PurePosixPath("heads"),)))
    assert (done.returncode, done.stdout) == (213, "")
    assert done.stderr.splitlines()[-1] == NOT_STAGED


def test_linked_inputs_are_not_copied(node: Node) -> None:
    """Large inputs are there once a node."""
    node.share("linked/grid.bin", "large")
    node.share("copied/small.txt", "small")
    inputs = (shared_input("grid.bin", link=True), shared_input("small.txt"))
    assert node.run(Model("cat grid.bin small.txt", inputs=inputs)).stdout == "largesmall"
    assert (node.work / "grid.bin").samefile(node.shared / "linked/grid.bin")
    assert not (node.work / "small.txt").samefile(node.shared / "copied/small.txt")


def test_inputs_that_are_not_there_fail_the_run(node: Node) -> None:
    """Before the command begins, with a code that tells it from the command's own."""
    done = node.run(Model("echo begun", inputs=(shared_input("net.inp"),)))
    assert (done.returncode, done.stdout) == (213, "")
    assert "copied" in done.stderr
    assert done.stderr.splitlines()[-1] == NOT_STAGED


def test_a_second_attempt_begins_in_a_clean_folder(node: Node) -> None:
    """Batch runs it in the folder of the first, and fetches nothing again."""
    node.share("copied/net.inp", "shared")
    model = Model(
        "ls -A | grep -v '^[.]runfleet'; cat net.inp; echo x > net.inp; mkdir left; touch .hidden",
        inputs=(shared_input("net.inp"),),
        retries=1,
    )
    first = node.run(model)
    assert first.stdout == "net.inp\nshared"
    assert node.run(model).stdout == first.stdout


def test_overlays_are_restored_for_a_second_attempt(node: Node) -> None:
    """They lie where the first attempt did not change them, and win over inputs."""
    (node.root / "net.inp.j2").write_text("{{ A }}")
    (node.root / "study.yaml").write_text(
        "model: {command: cat sub/net.inp; echo x > sub/net.inp, retries: 1,"
        " overlays: {sub/net.inp: net.inp.j2}}\nparameters: {A: 1}\n"
    )
    model = Study.load(node.root / "study.yaml").model
    staged = node.work / overlay_target(model, PurePosixPath("sub/net.inp"))
    staged.parent.mkdir(parents=True)
    staged.write_text("rendered")
    assert [node.run(model).stdout for _ in range(2)] == ["rendered", "rendered"]


def test_without_retries_overlays_lie_where_the_model_reads_them() -> None:
    """Nothing has to be copied then."""
    assert overlay_target(Model("x"), PurePosixPath("sub/net.inp")) == "sub/net.inp"


@pytest.mark.parametrize("outputs", [(), (Output("out.txt"),)])
@pytest.mark.parametrize(
    "command", ["sh -c 'echo $P > out.txt; exit 3'", "/bin/sh  -c 'echo $P > out.txt; exit 3' "]
)
def test_a_command_that_starts_a_shell_needs_no_second_one(
    node: Node, command: str, outputs: tuple[Output, ...]
) -> None:
    """What the shell would have done, the script's own does."""
    model = Model(command, outputs=outputs)
    assert "sh -c" not in run_script(model)
    assert node.run(model, P="a  b").returncode == 3
    assert (node.work / "out.txt").read_text() == "a b\n"


@pytest.mark.parametrize("command", ['sh -c "echo $P"', "sh -c 'echo $P' > log", "bash -c 'echo'"])
def test_other_shells_and_quotes_keep_their_own(command: str) -> None:
    assert command in run_script(Model(command))
