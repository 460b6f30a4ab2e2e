"""Studies on an account as on Azure: over HTTPS to Batch, over signed URLs to storage."""

from __future__ import annotations

import csv
import json
import signal
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential

STUDY = """\
study: {name}
model:
  command: sh model.sh
  inputs: [model.sh, data/rain.csv]
  overlays: {{model.inp: model.inp.j2}}
  outputs: [out/**, summary.json]
  time_limit: 5m
parameters:
  AREA: {{values: {areas}}}
results:
  flow: {{file: summary.json, json: flow}}
pool: {{nodes: {{max: 2}}, vm_size: standard_f2s_v2}}
"""
MODEL = """\
mkdir -p "out/by soil"
cat model.inp data/rain.csv > "out/by soil/$AREA.txt"
echo "{{\\"flow\\": $((AREA * 10))}}" > summary.json
echo "area $AREA"
[ "$AREA" != 2 ] || {{ echo "error: too large" >&2; exit 3; }}
echo "$RUNFLEET_RUN" >> "{done}"
"""


@pytest.fixture
def write_study(shell: Any, tmp_path: Path) -> Callable[..., str]:
    """Writes a study with inputs, overlays, folders of outputs, results and a run that fails."""

    def write(name: str, runs: int = 12) -> str:
        folder = shell.folder
        (folder / "data").mkdir()
        (folder / "data/rain.csv").write_text("1,2,3\n")
        (folder / "model.inp.j2").write_text("[AREA]\n{{ AREA }}\n")
        (folder / "model.sh").write_text(MODEL.format(done=tmp_path / "done"))
        (folder / f"{name}.yaml").write_text(STUDY.format(name=name, areas=[*range(1, runs + 1)]))
        return f"{name}.yaml"

    return write


def table_of(folder: Path) -> list[dict[str, str]]:
    """The table of results, without times."""
    with (folder / "runs.csv").open() as file:
        rows = list(csv.DictReader(file))
    left_out = ("start_time", "end_time", "seconds")
    return [{key: row[key] for key in row if key not in left_out} for row in rows]


def files_of(folder: Path) -> dict[str, bytes]:
    files = (path for path in (folder / "runs").rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_the_same_results_as_on_this_machine(
    shell: Any, write_study: Callable[..., str], service: Path, tmp_path: Path
) -> None:
    """The table and the files of each run; and nothing is done here or in a folder there."""
    study = write_study("rivers")
    done = shell("run", study, "--on", "azure", "--yes")
    assert done.returncode == 1, done.stderr  # one kind of run fails
    assert "error: too large" in done.stderr
    assert not (shell.home / "emulator").exists()
    assert not (shell.home / "storage").exists()
    assert not [*(service / "storage").glob("study-*")]
    there = shell.folder / "results/rivers"
    there = there.rename(tmp_path / "there")

    assert shell("run", study).returncode == 1
    here = shell.folder / "results/rivers"
    assert table_of(there) == table_of(here)
    assert files_of(there) == files_of(here)
    assert len(files_of(here)) == 12 * 4


def test_the_doctor_reads_signed_urls_of_this_machine_without_a_proxy(shell: Any) -> None:
    """As all that moves files does, whatever the environment says."""
    shell.variables |= {"HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    done = shell("doctor", "--on", "azure", "--json")
    findings = {finding["subject"]: finding for finding in json.loads(done.stdout)}
    assert "written, read, read by signed URL, deleted" in findings["storage"]["text"]


def test_nodes_get_signed_urls(
    shell: Any, write_study: Callable[..., str], azurite: Any, service: Path
) -> None:
    """Of the storage account itself, for longer than the study can take, and never a key."""
    study = write_study("signed", runs=2)
    assert shell("run", study, "--on", "azure", "--yes", "--detach").returncode == 0
    with batch_client(service) as client:
        task = next(iter(client.list_tasks("signed")))
        job = client.get_job("signed")
    urls = [
        file.http_url for file in [*task.resource_files, *job.job_preparation_task.resource_files]
    ]
    urls += [file.destination.container.container_url for file in task.output_files]
    assert len(urls) > 4
    for url in urls:
        assert url.startswith(f"{azurite.url}/study-signed")
        assert azurite.key not in url
        (expiry,) = parse_qs(urlsplit(url).query)["se"]
        assert datetime.fromisoformat(expiry) > datetime.now(UTC) + timedelta(days=6)


def test_a_study_from_another_machine_is_not_replaced(
    shell: Any, write_study: Callable[..., str]
) -> None:
    """Somebody else may have given the same name to another study of a shared account."""
    study = write_study("taken", runs=1)
    assert shell("run", study, "--on", "azure", "--yes", "--detach").returncode == 0
    (shell.home / "studies/azure/taken.file").unlink()
    file = shell.folder / study
    file.write_text(file.read_text().replace("[1]", "[5]"))
    refused = shell("run", study, "--on", "azure", "--yes")
    assert refused.returncode == 1
    assert refused.stderr == (
        "error: account `azure` has a study `taken` from another machine, and it is not the same\n"
        "hint: give this one another name, `study: NAME`; or let it take the other's place with "
        "`runfleet run --replace --on azure`\n"
    )


def test_its_pool_follows_the_runs_and_says_whose_it_is(
    shell: Any, write_study: Callable[..., str], service: Path
) -> None:
    """Nobody pays for nodes that no run needs, and what is left over can be found."""
    study = write_study("pools", runs=2)
    assert shell("run", study, "--on", "azure", "--yes", "--detach").returncode == 0
    (pool,) = json.loads(shell("pool", "list", "--on", "azure", "--json").stdout)
    assert pool["id"].startswith("runfleet-f2s_v2-")
    assert pool["scales_itself"]
    assert pool["owner"]
    assert datetime.fromisoformat(pool["expires"]) > datetime.now(UTC)
    with batch_client(service) as client:
        formula = client.get_pool(pool["id"]).auto_scale_formula
    assert "none without tasks" in formula
    assert shell("watch", study, "--on", "azure").returncode == 1
    shown = shell("pool", "delete", "--left-over", "--on", "azure", "--dry-run")
    assert f"This deletes pool `{pool['id']}`" in shown.stderr
    assert shell("pool", "delete", "--left-over", "--on", "azure", "--yes").returncode == 0
    again = shell("pool", "delete", "--left-over", "--on", "azure", "--yes")
    assert (again.returncode, again.stderr) == (0, "No pool is left over on account `azure`.\n")


def batch_client(service: Path) -> BatchClient:
    """The official SDK's client."""
    facts = json.loads((service / "emulator/endpoint.json").read_text())
    credential = AzureNamedKeyCredential("local", (service / "emulator/key").read_text())
    return BatchClient(facts["url"], credential, connection_verify=facts["ca_file"])


def test_a_client_that_is_killed_goes_on(
    shell: Any, write_study: Callable[..., str], wait_for: Callable[..., object], tmp_path: Path
) -> None:
    """Wherever it is killed: no run is lost, none is done again once it has succeeded."""
    study = write_study("killed", runs=80)
    for told in ("comparing", "adding", "runs ended"):
        with shell.start("run", study, "--on", "azure", "--yes") as process:
            for line in process.stderr:
                if told in line:
                    break
            process.send_signal(signal.SIGKILL)
    last = shell("run", study, "--on", "azure", "--yes")
    assert last.returncode == 1, last.stderr
    rows = table_of(shell.folder / "results/killed")
    assert Counter(row["state"] for row in rows) == Counter(
        "failed" if row["AREA"] == "2" else "succeeded" for row in rows
    )
    times = Counter((tmp_path / "done").read_text().split())
    assert times == Counter(row["run"] for row in rows if row["state"] == "succeeded")
