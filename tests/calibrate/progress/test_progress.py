"""Live figures are read from what managers write while they run."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runfleet.calibrate.family import Family
from runfleet.calibrate.progress.progress import Progress, ProgressReader, read_progress

# The programs that all tests share take half a minute, and longer on a busy machine.
pytestmark = pytest.mark.timeout(300)


def whole_progress(run: Any) -> Progress:
    """What all files of a calibration that has ended say."""
    reader = ProgressReader(run.case, run.family, iterations=4)
    for file in reader.files:
        if (run.folder / file).exists():
            reader.feed(file, run.text(file))
    return reader.progress()


def test_beopest(calibrated: Mapping[str, Any]) -> None:
    """Iterations, phi, runs and workers of a real BeoPEST, from its console and its records."""
    progress = whole_progress(calibrated["beopest"])
    assert progress.iteration is not None
    assert progress.iteration >= 2
    assert progress.iterations == 4
    assert list(progress.phi_by_iteration) == list(range(progress.iteration + 1))
    assert progress.phi is not None
    assert progress.phi < 1e-3 < progress.phi_by_iteration[0]
    assert (progress.runs_running, progress.errors) == (0, ())
    # None, but where Wine did not start the model; then BeoPEST gives the run to a worker again.
    said = sum(text.count("Problem encountered") for text in calibrated["beopest"].workers)
    assert progress.runs_failed == said
    assert (progress.workers_registered, progress.workers_seen) == (2, 2)
    assert sum(worker.runs_done for worker in progress.workers) == progress.runs_done
    assert all(worker.name.endswith(("\\0", "\\1")) for worker in progress.workers)
    assert timedelta(0) < (progress.workers[0].mean_time or timedelta(0)) < timedelta(minutes=1)


def test_beopest_from_its_console_alone(calibrated: Mapping[str, Any]) -> None:
    """With the escape sequences of the console in it."""
    run = calibrated["beopest"]
    text = run.text("stdout.txt")
    assert "\x1b[" in text
    progress = read_progress(run.case, run.family, {"stdout.txt": text})
    assert progress.phi_by_iteration == whole_progress(run).phi_by_iteration


def test_beopest_writes_the_smallest_numbers_without_a_letter() -> None:
    text = " Sum of squared weighted residuals (ie phi) = 2.5-101\n"
    assert read_progress("case", Family.PEST, {"stdout.txt": text}).phi == 2.5e-101


def test_pestpp_ies(calibrated: Mapping[str, Any]) -> None:
    """The mean phi of the ensemble, and the realizations that failed."""
    progress = whole_progress(calibrated["ies"])
    assert (progress.iteration, progress.is_complete) == (1, True)
    assert progress.phi_by_iteration[1] < progress.phi_by_iteration[0]
    assert progress.runs_failed == 2
    assert progress.runs_done == 5 + 4
    assert (progress.workers_seen, progress.workers_idle, progress.runs_left) == (3, 3, 0)
    assert sum(worker.runs_failed for worker in progress.workers) == 2


def test_pestpp_glm_and_sen(calibrated: Mapping[str, Any]) -> None:
    """What the others of PEST++ tell: sensitivities have no phi."""
    glm, sen = (whole_progress(calibrated[name]) for name in ("glm", "sen"))
    assert (glm.iteration, sorted(glm.phi_by_iteration)) == (1, [0, 1])
    assert (sen.iteration, sen.phi, sen.activity) == (None, None, "performing model runs")
    assert sen.runs_done == 6
    assert glm.is_complete
    assert sen.is_complete


@pytest.mark.parametrize("name", ["beopest", "ies", "glm"])
def test_piece_by_piece(calibrated: Mapping[str, Any], name: str) -> None:
    """Files that grow by any pieces give what they give as a whole."""
    run = calibrated[name]
    reader = ProgressReader(run.case, run.family, iterations=4)
    for file in reader.files:
        if (run.folder / file).exists():
            text = run.text(file)
            for start in range(0, len(text), 7):
                reader.feed(file, text[start : start + 7])
    assert reader.progress() == whole_progress(run)


RUN_RECORD = """\
 OPTIMISATION ITERATION NO.  3 ----->

 Calculating Jacobian matrix: running model 3 times .....
   31 Dec 23:59:58.00:- index of 1 assigned to node at working directory "10.0.0.4\\\\D:\\w1".
   31 Dec 23:59:58.00:- index of 2 assigned to node at working directory "10.0.0.5\\\\D:\\w2".
   31 Dec 23:59:58.00:- model run 1 commencing on node 1.
   31 Dec 23:59:58.00:- model run 2 commencing on node 2.
   31 Dec 23:59:59.50:- model run 1 completed on node 1.
    1 Jan 00:00:01.00:- communications failure on node 2; model run 2 will be re-assigned.
    1 Jan 00:00:01.00:- model run 2 commencing on node 1.
    1 Jan 00:00:02.00:- model run failure on node 1; will attempt model run 2 one more time.
    1 Jan 00:00:02.00:- model run 2 commencing on node 1.
"""


def test_workers_that_are_lost_and_runs_that_fail() -> None:
    """A lost worker is seen, but no longer there; a failed run is tried again and not done."""
    progress = read_progress("case", Family.PEST, {"CASE.rmr": RUN_RECORD})
    first, second = progress.workers
    assert (progress.iteration, progress.activity) == (3, "calculating jacobian matrix")
    assert (progress.runs_done, progress.runs_failed, progress.runs_running) == (1, 1, 1)
    assert (progress.workers_seen, progress.workers_busy, progress.workers_idle) == (2, 1, 0)
    assert (first.name, first.mean_time) == ("10.0.0.4 D:\\w1", timedelta(seconds=1.5))
    assert (second.is_registered, second.mean_time) == (False, None)


def test_a_run_that_two_workers_do_counts_once() -> None:
    """BeoPEST gives an overdue run to a second worker, too, and forgets the later result."""
    text = (
        "   22 Nov 04:53:01.66:- model run 2 commencing on node 2.\n"
        "   22 Nov 04:53:01.91:- overdue run on node 2; model run 2 may be re-assigned.\n"
        "   22 Nov 04:53:01.91:- model run 2 commencing on node 1.\n"
        "   22 Nov 04:53:01.92:- model run 2 completed on node 2.\n"
    )
    progress = read_progress("case", Family.PEST, {"case.rmr": text})
    assert (progress.runs_done, progress.runs_running) == (1, 1)
    text += (
        "   22 Nov 04:53:02.92:- model run completed on node 1; old run so results not needed.\n"
    )
    progress = read_progress("case", Family.PEST, {"case.rmr": text})
    assert (progress.runs_done, progress.runs_running) == (1, 0)


def test_failures_that_beopest_forgives() -> None:
    """The record of runs calls them completed; only the console tells of them, and CASE.rec."""
    runs = (
        "   22 Nov 04:53:01.66:- model run 1 commencing on node 1.\n"
        "   22 Nov 04:53:01.92:- model run 1 completed on node 1.\n"
        "   22 Nov 04:53:01.93:- model run 2 commencing on node 1.\n"
        "   22 Nov 04:53:01.99:- model run 2 completed on node 1.\n"
    )
    lambdas = (
        "        Lambda =   4.6416     ----->\n"
        "           Phi = cannot be calculated: model run failure\n"
        "        Lambda =   9.2832     ----->\n"
        "           Phi =   2696.0      (  0.124 of starting phi)\n"
    )
    files = {"case.rmr": runs, "stdout.txt": lambdas, "case.rec": lambdas}
    progress = read_progress("case", Family.PEST, files)
    assert (progress.runs_done, progress.runs_failed) == (1, 1)


def test_phi_of_regularised_inversion() -> None:
    """The measurement objective function counts: the penalty is weighted anew each time."""
    text = (
        "    Current value of measurement objective function          =   7.1577\n"
        "    Sum of squared weighted residuals (ie phi)               =   7.1578\n"
        " OPTIMISATION ITERATION NO.        : 1\n"
        "    Current value of measurement objective function          :   7.1577\n"
        "    Starting phi for this iteration                          :   7.1578\n"
        " OPTIMISATION ITERATION NO.        : 2\n"
        "    Current value of measurement objective function          :  0.77193\n"
        "    Starting phi for this iteration                          :  0.77765\n"
        "   Sum of squared weighted residuals (ie phi)                =  0.34865\n"
        "   Optimised measurement objective function                  =  8.55718E-03\n"
    )
    progress = read_progress("case", Family.PEST, {"case.rec": text})
    assert progress.phi_by_iteration == {0: 7.1577, 1: 0.77193, 2: 0.00855718}


def test_why_beopest_stopped() -> None:
    """Its own words, as one line."""
    text = (
        " ****************************************\r\n"
        " Error condition prevents continued PEST execution:-\r\n\r\n"
        " Model run failure has occurred on node 1 identified as \r\n"
        ' "10.0.0.4\\\\D:\\w1".\r\n'
        " ****************************************\r\n"
    )
    progress = read_progress("case", Family.PEST, {"stdout.txt": text, "case.rec": text})
    assert progress.errors == (
        'Model run failure has occurred on node 1 identified as "10.0.0.4\\\\D:\\w1".',
    )


OPTIMISATION = """\
  ---  objective function value (using initial dec var values): 1.05
  --- starting LP iteration 1  ---
  ---  iteration 1 objective function value:               5  ---
  ---  running the model once with optimal decision variables  ---
"""


def test_pestpp_opt() -> None:
    """What it makes as large or small as it can takes the place of phi; the lowest says nothing."""
    progress = read_progress("case", Family.PESTPP, {"stdout.txt": OPTIMISATION})
    assert (progress.iteration, progress.phi_by_iteration) == (1, {0: 1.05, 1: 5.0})
    assert progress.activity == "running the model once with optimal decision variables"
    assert progress.lowest is None


def test_the_figures_that_panther_prints() -> None:
    """Before its record is there, its own line of figures tells."""
    text = (
        "    running model 10 times\n"
        "11/22 04:05:30 mn:0.039 runs(C2    |F1    |T1    ) agents(R1   |W1   |U1   ) 0  \r"
    )
    progress = read_progress("case", Family.PESTPP, {"stdout.txt": text})
    assert (progress.runs_done, progress.runs_failed, progress.runs_left) == (2, 2, 6)
    assert (progress.workers_busy, progress.workers_idle) == (1, 1)


def test_agents_whose_runs_are_not_needed_are_free() -> None:
    """A slow run that a second agent does, too, counts once; the agent that is stopped is idle."""
    sent = "11/22/26 04:05:27->Sending run_id:{run} to:localhost${agent} group_id:2 concurrent:1)\n"
    text = (
        sent.format(run=1, agent="D:\\w1")
        + sent.format(run=1, agent="D:\\w2")
        + "11/22/26 04:05:30-> run_id:1 received from:localhost$D:\\w2  run_time:0.05  group_id:2\n"
    )
    progress = read_progress("case", Family.PESTPP, {"case.rmr": text})
    assert (progress.runs_done, progress.workers_busy) == (1, 1)
    killed = text + "11/22/26 04:05:31-> run_id:1 killed on agent:localhost$D:\\w1 run_id:1\n"
    progress = read_progress("case", Family.PESTPP, {"case.rmr": killed})
    assert (progress.runs_done, progress.runs_failed, progress.workers_busy) == (1, 0, 0)
    ended = text + "   1 runs complete :  0 runs failed\n"
    assert read_progress("case", Family.PESTPP, {"case.rmr": ended}).workers_idle == 2


def test_who_only_knocks_is_no_worker() -> None:
    """Connections that end before an agent is ready do not count."""
    text = (
        "11/22/26 04:05:27->new connection from:localhost:49154\n"
        "11/22/26 04:05:27->initializing new agent connection from:localhost$ "
        "socket:localhost:49154 number of agents:1\n"
        "11/22/26 04:05:27->lost connection to agent:localhost$ socket:localhost:49154\n"
        "11/22/26 04:05:27->new agent ready:localhost$D:\\a b\\w1 socket:localhost:49155\n"
    )
    progress = read_progress("case", Family.PESTPP, {"case.rmr": text})
    assert [worker.name for worker in progress.workers] == ["localhost D:\\a b\\w1"]
    assert progress.workers_seen == 1
    figures = "\r11/22 04:05:27 mn:0     runs(C0    |F0    |T0    ) agents(R0   |W{}   |U1   ) 0  "
    for waiting in (0, 2):
        console = {"stdout.txt": figures.format(waiting) + "\r"}
        assert read_progress("case", Family.PESTPP, console).workers_seen == waiting


def test_nothing_is_known_before_anything_is_written() -> None:
    """None is what has not been told; it is not 0."""
    progress = read_progress("case", Family.PEST, {"stdout.txt": "", "other.txt": "nothing"})
    assert (progress.iteration, progress.phi, progress.runs_done) == (None, None, None)
    assert (progress.workers_registered, progress.workers_seen) == (None, 0)


def test_a_large_file_is_read_once(calibrated: Mapping[str, Any]) -> None:
    """What is new costs what it is long; what has been read costs nothing more."""
    text = calibrated["ies"].text("case.rmr")
    reader = ProgressReader("case", Family.PESTPP)
    reader.feed("case.rmr", text * math.ceil(10_000_000 / len(text)))
    before = time.process_time()
    reader.feed("case.rmr", text)
    reader.progress()
    assert time.process_time() - before < 0.1


@settings(max_examples=200, deadline=None)
@given(
    family=st.sampled_from(Family),
    name=st.sampled_from(["stdout.txt", "case.rmr", "case.rec", "case.iobj", "stderr.txt"]),
    words=st.lists(
        st.one_of(
            st.text(max_size=8),
            st.sampled_from(
                [
                    *("OPTIMISATION ITERATION NO. : ", "Lowest phi this iteration: ", "1e400", "-"),
                    *(" 31 Feb 25:61:99.9:- ", "model run 1 commencing on node 1", "\n", "\x1b["),
                    *("run_id:1 received from:a$b run_time:", "actual ", "EnsembleMethod "),
                    *("iteration 1 report", "model run 1 completed on node 1", "9" * 30),
                ]
            ),
        ),
        max_size=30,
    ),
)
def test_whatever_is_written(family: Family, name: str, words: list[str]) -> None:
    """No text is too strange to be read."""
    assert read_progress("case", family, {name: "".join(words)}).workers_seen >= 0
