"""A study whose files are in a storage account of Azure: here in Azurite, by signed URLs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from runfleet.launch import Account, connect
from runfleet.launch.names import container_name
from runfleet.storage import AzureBlob
from runfleet.storage.auto_storage import link_auto_storage

STUDY = """\
model:
  command: |
    cat rain.csv rendered.inp > out.txt
    cp big.bin copy.bin
    test $X -lt 3 || { echo 'no water left' >&2; exit 3; }
  inputs: [rain.csv, {path: big.bin, link: true}]
  overlays: {rendered.inp: rendered.j2}
  outputs: [out.txt, copy.bin]
parameters:
  X: {values: [1, 2, 3]}
results:
  rain: {file: out.txt, pattern: 'rain (\\d+)'}
  x: {file: out.txt, pattern: 'x is (\\d+)'}
"""


@pytest.fixture
def account(home, azurite) -> Iterator[Account]:
    link_auto_storage(home, azurite.connection_string)
    with connect(home=home) as account:
        yield account


def test_a_study_goes_there_and_comes_back(account, write_study, tmp_path):
    """Inputs, overlays, outputs, logs and the record of the study all are blobs."""
    study = write_study(STUDY, rain_csv="rain 17\n", rendered_j2="x is {{ X }}\n", big_bin="")
    big = study.folder / "big.bin"
    big.write_bytes(os.urandom(9 << 20))
    submission = account.submit(study)
    assert list(submission.watch())[-1].counts.succeeded == 2
    submission.collect(tmp_path / "results")
    table = submission.table()
    assert list(table["rain"].dropna()) == [17, 17, 17]
    assert list(table["x"].dropna()) == [1, 2, 3]
    assert (tmp_path / "results/runs/run-00001/copy.bin").read_bytes() == big.read_bytes()
    (group,) = submission.failures()
    assert group.message == "no water left"
    assert submission.log("run-00003", "stderr") == b"no water left\n"
    assert isinstance(account.storage, AzureBlob)
    assert not (account.home / "storage" / container_name(study.name)).exists()


def test_a_study_goes_on_where_it_was(account, write_study):
    """Nothing is done twice: the record in the storage account says what is there."""
    study = write_study(STUDY, rain_csv="rain 1\n", rendered_j2="", big_bin="big")
    list(account.submit(study).watch())
    with connect(home=account.home) as other:
        again = other.submit(study)
        assert again.counts().succeeded == 2
    assert again.differences == ()


def test_the_key_is_neither_with_the_runs_nor_on_disk(account, azurite, write_study):
    """But in the one file that only its owner may read."""
    study = write_study("model: {command: env}")
    submission = account.submit(study)
    list(submission.watch())
    assert azurite.key.encode() not in submission.log("run-00001", "stdout")
    holders = [path for path in account.home.rglob("*") if path.is_file() and holds(path, azurite)]
    assert [path.name for path in holders] == ["auto-storage"]
    assert holders[0].stat().st_mode & 0o077 == 0


def holds(path: Path, azurite) -> bool:
    return azurite.key.encode() in path.read_bytes()
