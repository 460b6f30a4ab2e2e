"""Host names of nodes, where the kernel lets us give them."""

from __future__ import annotations

import subprocess

from runfleet.agent.host_names import Naming, trial, tried, with_host_name


def naming() -> Naming:
    return tried(subprocess.run(trial(), capture_output=True).returncode)


def host_name(*arguments: str) -> str:
    show = ["/bin/sh", "-c", 'hostname; echo "$@"', "sh", *arguments]
    command = with_host_name(naming(), "127.1.2.3", show)
    return subprocess.run(command, capture_output=True, text=True).stdout


def test_a_program_sees_the_name_and_nobody_else_does():
    own = subprocess.run(["hostname"], capture_output=True, text=True).stdout
    seen = host_name("a b", "it's")
    assert seen == ("127.1.2.3\n" if naming() is not Naming.NOT_AT_ALL else own) + "a b it's\n"
    assert subprocess.run(["hostname"], capture_output=True, text=True).stdout == own
