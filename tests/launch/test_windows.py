"""Studies on Windows nodes: what they ask for, and what comes back."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pandas
import pytest

from runfleet.launch import Account, AccountError, connect
from runfleet.storage.packages import PackageFolder
from runfleet.study import Study, StudyError

PROGRAM = r"""
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    double a, b;
    FILE *input = fopen("model.in", "r"), *shared = fopen("shared.txt", "a+"), *output;
    if (!input || !shared || fscanf(input, "%lf", &a) != 1) return 3;
    fputs("another line\n", shared);
    rewind(shared);
    if (fscanf(shared, "%lf", &b) != 1) return 4;
    if (atof(getenv("B")) < 0) return 5;
    printf("stdout of the model\n");
    output = fopen("model.out", "w");
    fprintf(output, "head\n  sum = %.9g\n", a + b + atof(getenv("B")));
    return 0;
}
"""

STUDY = """
    study: {name}
    model:
      command: {command}
      packages: [{package}==1.0]
      inputs: [shared.txt, {{path: linked.txt, link: true}}]
      overlays: {{model.in: model.in.j2}}
      outputs: [model.out, "*.txt"]
    parameters:
      A: {{values: [1, 2.5]}}
      B: {{values: [10, -20], environment_only: true}}
    results:
      sum: {{file: model.out, pattern: '^ +sum = (\\S+)$'}}
    pool: {{image: {image}}}
"""
FILES = {"model_in_j2": "{{ A }}\n", "shared_txt": "100\n", "linked_txt": "the same for all\n"}


@pytest.fixture
def add_program(shared_home: Path, tmp_path: Path):
    """Compile the model as an application package."""

    def add(package: str, compiler: str, program: str) -> None:
        (tmp_path / "model.c").write_text(PROGRAM)
        folder = tmp_path / package
        (folder / "bin").mkdir(parents=True)
        made = folder / "bin" / program
        subprocess.run([compiler, tmp_path / "model.c", "-o", made], check=True)
        PackageFolder(shared_home / "emulator" / "packages").add(package, "1.0", folder)

    return add


def table_of(account: Account, study: Study, folder: Path) -> pandas.DataFrame:
    submission = account.submit(study)
    *_, progress = submission.watch()
    assert progress.counts.all_ended, submission.explain()
    submission.collect(folder)
    table = pandas.read_csv(folder / "runs.csv")
    return table[["run", "state", "exit_code", "A", "B", "sum"]]


@pytest.mark.needs("wine", "x86_64-w64-mingw32-gcc", "gcc")
def test_a_study_gives_the_same_table_on_windows_and_on_linux(
    account, write_study, add_program, tmp_path
) -> None:
    """
    But for command and image it is the same; inputs, overlays and environment arrive.

    On Windows capitals make no difference.
    """
    add_program("model-windows", "x86_64-w64-mingw32-gcc", "model.exe")
    add_program("model-linux", "gcc", "model")
    tables = []
    for system, command, image in (
        ("windows", "model.exe", "windows-2022"),
        ("linux", "model", "ubuntu-22.04"),
    ):
        text = STUDY.format(
            name=f"same-on-{system}", command=command, package=f"model-{system}", image=image
        )
        if system == "windows":
            text = text.replace("{model.in:", "{Model.IN:").replace("[model.out, ", "[MODEL.*, ")
            text = text.replace("file: model.out", "file: Model.Out")
        tables.append(table_of(account, write_study(text, **FILES), tmp_path / system))
    pandas.testing.assert_frame_equal(*tables)
    assert tables[0]["sum"].dropna().tolist() == [111, 112.5]
    assert tables[0]["exit_code"].tolist() == [0, 5, 0, 5]
    run = tmp_path / "windows" / "runs" / "run-00001"
    assert (run / "stdout.txt").read_bytes() == b"stdout of the model\r\n"
    assert (run / "shared.txt").read_bytes() == b"100\nanother line\r\n"
    assert (run / "linked.txt").read_text() == "the same for all\n"


@pytest.mark.needs("wine")
def test_a_file_is_one_however_it_is_spelled(account, write_study, tmp_path) -> None:
    """It is kept once, by the name that it has on the disk, and found by any."""
    study = write_study(
        """
        study: spelled
        model:
          command: |
            mkdir Out
            echo Q=2 > Out\\Sum.Lst
            echo Q=3 > TOP.txt
          outputs: [OUT/**, out/sum.lst, top.TXT]
        results:
          deep: {file: OUT/sum.LST, pattern: 'Q=(.)'}
          top: {file: Top.txt, pattern: 'Q=(.)'}
        pool: {image: windows-2022}
        """
    )
    assert not study.warnings
    submission = account.submit(study)
    list(submission.watch())
    assert submission.table()[["deep", "top"]].to_numpy().tolist() == [[2, 3]]
    submission.collect(tmp_path / "got")
    table = pandas.read_csv(tmp_path / "got/runs.csv")
    assert table[["deep", "top"]].to_numpy().tolist() == [[2, 3]]
    run = tmp_path / "got/runs/run-00001"
    kept = {str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()}
    assert kept == {"Out/Sum.Lst", "TOP.txt", "stdout.txt", "stderr.txt"}


@pytest.mark.needs("wine")
def test_what_wine_would_carry_out_otherwise_is_refused(account, write_study) -> None:
    """Before anything is made; a plain chain is not."""
    text = "model:\n  command: {}\npool: {{image: windows-2022}}\n"
    with pytest.raises(StudyError) as caught:
        account.submit(write_study(text.format("cmd.exe /c exit 3 || echo again"), name="either"))
    assert caught.value.line == 2
    assert "goes on after `&&` and `||`" in caught.value.what
    chain = write_study(text.format("cmd.exe /c exit 3 && echo yes"), name="chain")
    submission = account.submit(chain)
    list(submission.watch())
    assert submission.counts().failed == 1


@pytest.mark.needs("wine")
def test_a_pool_of_another_system_is_refused(account, write_study) -> None:
    """Its nodes could not carry out what the runs are made of."""
    text = "model: {{command: echo x}}\npool: {{id: shared-by-name, image: {}}}\n"
    list(account.submit(write_study(text.format("ubuntu-22.04"), name="linux")).watch())
    with pytest.raises(StudyError) as caught:
        account.submit(write_study(text.format("windows-2022"), name="windows"))
    assert caught.value.line == 2
    assert caught.value.what == (
        "`pool.id`: pool `shared-by-name` has Linux nodes, and the study asks for `windows-2022`"
    )


def test_without_wine_a_study_is_refused_before_anything_is_made(
    tmp_path, home, write_study, monkeypatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    study = write_study("model: {command: model.exe}\npool: {image: windows-2022}\n")
    with connect(home=home) as account:
        assert account.batch, "one that is still starting could not be ended"
        with pytest.raises(AccountError) as caught:
            account.submit(study)
    assert str(caught.value.hint) == "install it, as by `sudo apt-get install wine wine64`"
    assert not [*(home / "storage").glob("study-*")]
