"""Command lines for the shells of Linux and Windows."""

import os
import shlex
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runfleet.azure import (
    OperatingSystem,
    PackageReference,
    package_variable,
    shell_command,
    with_packages,
)

LINUX, WINDOWS = OperatingSystem.LINUX, OperatingSystem.WINDOWS
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=40)


def run_as_node(command_line, **environment):
    """Run a command line as a Linux node does: split into words, without a shell."""
    words = shlex.split(command_line)
    variables = {**os.environ, **environment}
    run = subprocess.run(words, env=variables, capture_output=True, check=True)
    return run.stdout.decode()


@settings(max_examples=40, deadline=None)
@given(TEXTS)
def test_the_shell_gets_the_line_as_it_was_written(text):
    line = f"printf %s {shlex.quote(text)}"
    assert run_as_node(shell_command(line, LINUX)) == text


def test_variables_pipes_and_several_lines_work():
    line = 'set -e\nexport GREETING="it\'s"\necho "$GREETING $NAME" | tr a-z A-Z\n'
    assert run_as_node(shell_command(line, LINUX), NAME="run-1") == "IT'S RUN-1\n"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,8}", fullmatch=True), st.sampled_from(["2.3.5", None])
)
def test_programs_of_packages_are_found_first(tmp_path, name, version):
    """In the package's `bin`, and in the package itself; its folder may have blanks in its name."""
    folder = tmp_path / "a package's folder"
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    for program, text in [("bin/ls", "from bin"), ("ls", "hidden"), ("other-one", "beside")]:
        (folder / program).write_text(f"#!/bin/sh\necho {text}\n")
        (folder / program).chmod(0o755)
    package = PackageReference(name, version)
    line = with_packages("ls && other-one", [package], LINUX)
    environment = {package_variable(package, LINUX): str(folder)}
    assert run_as_node(shell_command(line, LINUX), **environment) == "from bin\nbeside\n"


@pytest.mark.parametrize(
    ("package", "linux", "windows"),
    [
        (PackageReference("epanet", "2.3.5"), "epanet_2_3_5", "EPANET#2.3.5"),
        (PackageReference("An-Agent", "1.1-b"), "An_Agent_1_1_b", "AN-AGENT#1.1-b"),
        (PackageReference("blender"), "blender", "BLENDER"),
    ],
)
def test_each_system_spells_package_variables_its_own_way(package, linux, windows):
    assert package_variable(package, LINUX) == f"AZ_BATCH_APP_PACKAGE_{linux}"
    assert package_variable(package, WINDOWS) == f"AZ_BATCH_APP_PACKAGE_{windows}"


def test_cmd_gets_its_line_between_one_pair_of_quotes():
    line = '"C:\\Program Files\\model.exe" "in put.txt" > out.txt && echo %P%'
    assert shell_command(line, WINDOWS) == f'cmd /s /c "{line}"'


def test_cmd_gets_several_lines_as_one():
    assert shell_command("echo a\n\n  echo b\r\n", WINDOWS) == 'cmd /s /c "echo a & echo b"'


def test_what_takes_the_rest_of_a_line_on_windows_leaves_the_next_alone() -> None:
    """Lines are joined to one, and `if`, `for` and `rem` end where it ends."""
    line = "rem first\na.exe\nif errorlevel 1 exit 3\n@for %i in (1) do b %i\n::\niffy"
    assert shell_command(line, WINDOWS) == (
        'cmd /s /c "a.exe & (if errorlevel 1 exit 3) & (@for %i in (1) do b %i) & iffy"'
    )
    assert shell_command("if exist a b & c", WINDOWS) == 'cmd /s /c "if exist a b & c"'
    assert shell_command("rem", WINDOWS) == 'cmd /s /c "rem"'


def test_packages_are_put_on_the_path_of_windows():
    line = with_packages("epanet2 in out", [PackageReference("epanet", "2.3.5")], WINDOWS)
    variable = "%AZ_BATCH_APP_PACKAGE_EPANET#2.3.5%"
    assert shell_command(line, WINDOWS) == (
        f'cmd /s /c "set "PATH={variable}\\bin;{variable};%PATH%" & epanet2 in out"'
    )


def test_a_line_without_packages_stays_as_it_is():
    assert with_packages("true", [], LINUX) == "true"
