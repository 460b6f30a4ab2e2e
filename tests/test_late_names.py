"""Packages whose names are loaded when they are asked for."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from importlib.metadata import version

import pytest

import runfleet

PACKAGES = ["runfleet", *(f"runfleet.{n}" for n in ("autoscale", "emulator", "launch", "storage"))]


@pytest.mark.parametrize("package", PACKAGES)
def test_all_names_are_listed_before_they_are_loaded(package: str) -> None:
    """Consoles and editors complete them."""
    program = f"import {package} as p; assert not set(p.__all__) - set(dir(p))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("package", PACKAGES)
def test_all_names_can_be_loaded(package: str) -> None:
    module = import_module(package)
    assert all(hasattr(module, name) for name in module.__all__)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_name_that_is_not_there_is_told(package: str) -> None:
    with pytest.raises(AttributeError) as caught:
        _ = import_module(package).nonsense
    assert str(caught.value) == f"module `{package}` has no attribute `nonsense`"


def test_a_mistyped_name_is_told_the_nearest() -> None:
    program = "import runfleet; runfleet.conect()"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.stderr.endswith("Did you mean: 'connect'?\n")


def test_the_package_tells_its_version_and_the_root_of_its_errors() -> None:
    assert runfleet.__version__ == version("runfleet")
    with pytest.raises(runfleet.RunfleetError):
        runfleet.Study.load("nothing.yaml")
