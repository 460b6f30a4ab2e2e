"""Command lines, and the programs that they name."""

import os
import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.agent.failures import ExecutionError
from runfleet.agent.launch import base_environment, find_program, launch, split

# No expansion, no comment, no operator: what is left is splitting and quoting. A backslash at the
# end of the line, which a shell keeps, is taken for a mistake.
PLAIN = st.text("ab -='\"\\\t", max_size=20).filter(lambda text: not text.endswith("\\"))


@pytest.mark.parametrize(
    ("command_line", "arguments"),
    [
        ("model", ["model"]),
        ("  model   a\tb ", ["model", "a", "b"]),
        ("sh -c 'echo $P > out.txt'", ["sh", "-c", "echo $P > out.txt"]),
        ('sh -c "echo \\"a b\\" \\\\ \'c\'"', ["sh", "-c", "echo \"a b\" \\ 'c'"]),
        ("a\\ b 'c'd\"e\" ''", ["a b", "cde", ""]),
        ("a # b; $HOME *", ["a", "#", "b;", "$HOME", "*"]),
    ],
)
def test_a_command_line_is_split_as_a_shell_does(command_line, arguments):
    assert split(command_line) == arguments


@given(
    st.lists(st.text(st.characters(exclude_characters="\0"), max_size=8), min_size=1, max_size=5)
)
def test_quoted_arguments_come_back(arguments):
    assert split(shlex.join(arguments)) == arguments


@given(PLAIN)
def test_splitting_agrees_with_the_shell(text):
    shell = subprocess.run(["sh", "-c", f"printf '%s\\0' x {text}"], capture_output=True, text=True)
    if shell.returncode:
        with pytest.raises(ExecutionError):
            split(f"x {text}")
    else:
        assert split(f"x {text}") == shell.stdout.split("\0")[:-1]


@given(st.text("ab \n-='\"\\\té\xa0", max_size=30))
def test_splitting_agrees_with_the_library(text):
    try:
        arguments = shlex.split(text)
    except ValueError:
        arguments = []
    if arguments:
        assert split(text) == arguments
    else:
        with pytest.raises(ExecutionError):
            split(text)


def test_a_long_command_line_holds_nobody_up():
    """The library takes minutes for it, in which no other task would begin."""
    text = "x" * 5_000_000
    assert split(f"echo {text} '{text}'") == ["echo", text, text]


@pytest.mark.parametrize("command_line", ["", "  ", "sh 'a", 'sh "a', "sh \\", "sh a\0b"])
def test_what_is_no_command_line_cannot_be_launched(command_line):
    with pytest.raises(ExecutionError) as caught:
        split(command_line)
    assert caught.value.failure.code == "CommandLaunchFailed"


@pytest.fixture
def programs(tmp_path):
    for name, mode in [("bin/model", 0o755), ("other/model", 0o755), ("bin/data", 0o644)]:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch(mode)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "search_path", "expected"),
    [
        ("model", "/nowhere:{wd}/bin:{wd}/other", "bin/model"),
        ("model", "other:bin", "other/model"),
        ("other/model", "/usr/bin", "other/model"),
        ("./bin/model", "", "./bin/model"),
        ("{wd}/bin/model", "", "bin/model"),
        ("data", "bin", "bin/data"),
    ],
)
def test_programs_are_found(programs, name, search_path, expected):
    wd = str(programs)
    program = find_program(name.format(wd=wd), wd, search_path.format(wd=wd))
    assert program == f"{wd}/{expected}"


@pytest.mark.parametrize("name", ["nothing", "bin/nothing", "bin", "model"])
def test_programs_that_are_not_there_are_not_found(programs, name):
    with pytest.raises(ExecutionError) as caught:
        find_program(name, str(programs), "/nowhere")
    assert caught.value.failure.code == "CommandProgramNotFound"


def test_logs_that_cannot_be_opened_leave_nothing_open(tmp_path):
    (tmp_path / "wd").mkdir()
    (tmp_path / "stderr.txt").mkdir()
    before = os.listdir("/proc/self/fd")
    with pytest.raises(ExecutionError) as caught:
        launch("true", {"PATH": os.defpath}, str(tmp_path))
    assert os.listdir("/proc/self/fd") == before
    assert caught.value.failure.code == "CommandLaunchFailed"
    assert caught.value.failure.details == {
        "FilePath": f"{tmp_path}/stderr.txt",
        "Message": "Is a directory",
    }


def test_the_base_environment_is_small():
    own = {"PATH": "/bin", "HOME": "/root", "PYTHONPATH": "x", "AZURE_BATCH_ACCESS_KEY": "secret"}
    assert base_environment(own) == {"PATH": "/bin", "HOME": "/root"}
    assert "/bin" in base_environment({})["PATH"].split(":")
