"""An account that one logs in to by Microsoft Entra, as `az login` leaves it behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# What the libraries of Azure call to get a token, for whom the emulator is the issuer.
FAKE_AZ = """\
#!/bin/sh
case "$*" in
*get-access-token*batch.core.windows.net*) token=$({runfleet} emulator token) ;;
*get-access-token*) token=$({runfleet} emulator token --management) ;;
esac
echo "{{\\"accessToken\\": \\"$token\\", \\"expires_on\\": 2000000000}}"
"""


@pytest.fixture
def entra(shell: Any, service: Path, azurite: Any, tmp_path: Path) -> Any:
    """`runfleet` that knows the account `entra`, whose storage account has a key."""
    program = tmp_path / "bin" / "az"
    program.parent.mkdir()
    command = f"env RUNFLEET_HOME='{service}' '{shell.command}'"
    program.write_text(FAKE_AZ.format(runfleet=command))
    program.chmod(0o700)
    shell.variables["PATH"] = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    shell.variables["RUNFLEET_ENTRA_STORAGE_KEY"] = azurite.key
    facts = json.loads((service / "emulator/endpoint.json").read_text())
    added = shell(
        *("account", "add", "entra", "--endpoint", facts["url"], "--batch-account", "local"),
        *("--storage", azurite.url, "--ca-file", facts["ca_file"], "--login", "entra"),
        *("--storage-login", "key", "--subscription", "1234", "--resource-group", "rivers"),
        *("--location", "westeurope", "--management", facts["url"]),
    )
    assert added.returncode == 0, added.stderr
    return shell


@pytest.fixture
def write_study(shell: Any) -> Callable[..., str]:
    def write(name: str, pool: str = "{}", packages: str = "[]") -> str:
        model = f"{{command: 'echo $N', time_limit: 1m, packages: {packages}}}"
        text = f"study: {name}\nmodel: {model}\n"
        text += f"parameters: {{N: {{values: [1, 2]}}}}\npool: {pool}\n"
        (shell.folder / f"{name}.yaml").write_text(text)
        return f"{name}.yaml"

    return write


def test_a_study_runs_by_the_token_of_az(entra: Any, write_study: Callable[..., str]) -> None:
    """No key of the Batch account is anywhere."""
    del entra.variables["RUNFLEET_AZURE_BATCH_KEY"]
    done = entra("run", write_study("tokens"), "--on", "entra", "--yes")
    assert done.returncode == 0, done.stderr
    assert "2 runs: 2 succeeded." in done.stderr


def test_the_quota_is_seen_by_the_management_api(
    entra: Any, write_study: Callable[..., str]
) -> None:
    """And the mode of the account, which spot nodes need to be another one."""
    study = write_study("quotas", "{nodes: {max: 3, spot: true}}")
    done = entra("doctor", study, "--on", "entra", "--json")
    findings = {finding["subject"]: finding for finding in json.loads(done.stdout)}
    assert findings["login"]["text"].startswith("works, by entra")
    assert findings["quota"]["text"] == "6 cores at most, of 2147483647 spot cores"
    assert findings["urls"]["text"].endswith("the study takes 2 hours at most")
    assert findings["spot"]["verdict"] == "error"
    assert "pool allocation mode is BatchService" in findings["spot"]["text"]
    assert done.returncode == 1


def test_a_quota_that_cannot_be_seen_is_no_error(
    entra: Any, write_study: Callable[..., str]
) -> None:
    """Keys do not open the management API; the study runs all the same."""
    text = (entra.home / "accounts.yaml").read_text()
    (entra.home / "accounts.yaml").write_text(text.replace("login: entra", "login: key"))
    entra.variables["RUNFLEET_ENTRA_BATCH_KEY"] = entra.variables["RUNFLEET_AZURE_BATCH_KEY"]
    log_out(entra)
    done = entra("doctor", write_study("unseen"), "--on", "entra")
    assert done.returncode == 0, done.stdout
    assert "warning  quota     cannot be seen: nobody is logged in" in done.stdout


NO_DEFAULT = "the account has no default version of the application package `tool3`"
MAKE_IT_ONE = (
    "name a version that `runfleet package list --on entra` lists, as in `tool3==VERSION`, or make "
    "one the default: `runfleet package add tool3 VERSION FOLDER_OR_ZIP --replace --default "
    "--on entra`"
)

SUBMIT = """\
import sys
from runfleet import Study, connect
from runfleet.study import StudyError

try:
    connect("entra").submit(Study.load(sys.argv[1]))
except StudyError as error:
    print(error)
"""


@pytest.fixture
def tool(entra: Any) -> str:
    """A package of the account, no version of which is the default."""
    (entra.folder / "tool").mkdir()
    (entra.folder / "tool" / "tool3").write_text("#!/bin/sh\n")
    added = entra("package", "add", "tool3", "1.0", "tool", "--on", "entra", "--replace")
    assert added.returncode == 0, added.stderr
    return "tool3"


def test_a_package_without_a_default_version_is_told_before_anything_is_made(
    entra: Any, write_study: Callable[..., str], tool: str
) -> None:
    """By the doctor, by `run`, before it asks, and in Python."""
    study = write_study("bare", packages=f"[{tool}]")
    done = entra("doctor", study, "--on", "entra", "--json")
    findings = {finding["subject"]: finding for finding in json.loads(done.stdout)}
    assert (done.returncode, findings["packages"]["verdict"]) == (1, "error")
    assert findings["packages"]["text"].endswith(NO_DEFAULT)
    assert findings["packages"]["remedy"] == MAKE_IT_ONE
    refused = entra("run", study, "--on", "entra")
    assert refused.returncode == 1
    error, hint = refused.stderr.splitlines()
    assert error.endswith(NO_DEFAULT)
    assert hint == f"hint: {MAKE_IT_ONE}"
    submitted = subprocess.run(
        [sys.executable, "-c", SUBMIT, entra.folder / study],
        env=entra.environment,
        capture_output=True,
        text=True,
    )
    assert submitted.stdout.endswith(f"{NO_DEFAULT}\n"), submitted.stderr
    made = entra("package", "add", tool, "1.0", "tool", "--replace", "--default", "--on", "entra")
    assert made.returncode == 0, made.stderr
    assert entra("doctor", study, "--on", "entra").returncode == 0


def test_where_defaults_cannot_be_seen_the_service_says_so(
    entra: Any, write_study: Callable[..., str], tool: str
) -> None:
    """The doctor warns of it."""
    entra("package", "remove", tool, "1.0", "--yes", "--on", "entra")  # it may be the default
    entra("package", "add", tool, "1.0", "tool", "--on", "entra")
    study = write_study("unseen-default", packages=f"[{tool}]")
    done = entra("doctor", study, "--on", "azure", "--json")
    (finding,) = (one for one in json.loads(done.stdout) if one["subject"] == "packages")
    assert finding["verdict"] == "warning"
    assert "whether there are default versions cannot be seen" in finding["text"]
    refused = entra("run", study, "--on", "azure", "--yes")
    assert refused.returncode == 1
    assert "no application package `tool3`, or no default version of it" in refused.stderr
    assert f"hint: {MAKE_IT_ONE.replace('--on entra', '--on azure')}" in refused.stderr
    entra("delete", "unseen-default", "--on", "azure", "--yes")


def log_out(entra: Any) -> None:
    """Have no `az` on PATH."""
    entra.variables["PATH"] = str(Path(entra.variables["PATH"].split(os.pathsep)[0]).parent)


def test_nobody_is_logged_in(entra: Any) -> None:
    """It says how to."""
    log_out(entra)
    done = entra("status", "--on", "entra")
    assert done.returncode == 1
    assert "nobody is logged in to Microsoft Entra" in done.stderr
    assert "`az login`" in done.stderr
