"""What the programs of PEST++ 5 write while they run, on their console and in files of the case."""

from __future__ import annotations

import math
import re

from runfleet.calibrate.fortran_numbers import WRITTEN, as_number
from runfleet.calibrate.progress.line_handlers import Handlers, Told, handle_line
from runfleet.calibrate.progress.tally import Tally

_SECONDS_A_MINUTE = 60.0
_RUNS = re.compile(
    rf"""
      new\ agent\ ready:(?P<ready>.+?)(?:\ socket:.*)?$
    | Sending\ run_id:(?P<begun>\d+)\ to:(?P<begun_on>.+?)\ +group_id:
    | completed\ run_id:\d+\ .*?(?:from|agent):(?P<late_on>.+?)(?:\ +(?:run_time|group_id):.*)?$
    | run_id:\d+\ killed\ on\ agent:(?P<killed_on>.+?)(?:\ +(?:run_id|group_id):.*)?$
    | run_id:\d+\ received\ from:(?P<done_on>.+?)\ +run_time:(?P<minutes>{WRITTEN})
    | run_id:\d+\ failed\ on\ agent:(?P<failed_on>.+?)\ +group_id:
    | (?:lost\ connection\ to\ agent|closed\ connection\ to\ agent|receive\ failed\ from\ agent
        |agent\ exiting|Frozen\ agent|error\ in\ model\ IO\ files\ on\ agent)
      :\ *(?P<lost>.+?)(?:\ +socket:.*|,\ number\ of\ agents.*|\ -\ terminating.*)?$
    | ^running\ model\ (?P<wanted>\d+)\ times
    | ^\s*(?P<end>\d+\ runs\ complete)
    """,
    re.VERBOSE,
)
_CONSOLE = re.compile(
    rf"""
      runs\(C(?P<done>\d+)\s*\|F(?P<failed>\d+)\s*\|T(?P<late>\d+)\s*\)\s*
      agents\(R(?P<running>\d+)\s*\|W(?P<waiting>\d+)\s*\|U\d+
    | OPTIMISATION\ ITERATION\ NUMBER:\s*(?P<glm_iteration>\d+)
    | starting\ solve\ for\ iteration:\s*(?P<ies_iteration>\d+)
    | starting\ LP\ iteration\s*(?P<opt_iteration>\d+)
    | EnsembleMethod\ iteration\ (?P<report>\d+)\ report
    | ---\ \ (?P<initial>initial)\ phi\ summary
    | ^\s+actual\s+(?P<mean>{WRITTEN})
    | starting\ phi\ =\s*(?P<starting>{WRITTEN});\s+ending\ phi\ =\s*(?P<ending>{WRITTEN})
    | objective\ function\ value\ \(using\ initial.*?\):\s*(?P<objective>{WRITTEN})
    | iteration\ (?P<optimised>\d+)\ objective\ function\ value:\s*(?P<optimum>{WRITTEN})
    | running\ model\s+(?P<wanted>\d+)\s+times
    | ^\s*---\s+(?P<stage>running\ [\w\ ]+)
    | ^\s*(?:\.\.\.)?(?P<activity>calculating\ jacobian|performing\ upgrade\ vector\ model\ runs
        |running\ initial\ ensemble|Performing\ model\ runs|running\ prior\ mean)
    | (?P<complete>OPTIMIZATION\ COMPLETE|analysis\ complete)
    | (?P<awaiting>waiting\ for\ agents)
    | ^\s*(?P<error>Error\ condition\ prevents.*|error\ (?:in|initializing)\ .*|fatal\ .*)$
    """,
    re.VERBOSE | re.IGNORECASE,
)

_ERROR = re.compile(r"\berror\b|unhandled", re.IGNORECASE)


class RunRecordLines:
    """
    Reads CASE.rmr: which run goes to which agent, and how it ends.

    Parameters
    ----------
    tally
        What it adds up in.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._handlers: Handlers = {
            "ready": self._register,
            "begun": self._begin_run,
            "done_on": self._end_run,
            "failed_on": self._fail_run,
            "lost": lambda agent, _: tally.lose(agent),
            # A slow run is given to a second agent, too; what comes second is not needed.
            "late_on": lambda agent, _: tally.end_unneeded_run(agent),
            "killed_on": lambda agent, _: tally.end_unneeded_run(agent),
            "wanted": self._begin_batch,
            "end": self._end_batch,
        }

    def read(self, line: str) -> None:
        """Take the next line."""
        handle_line(line, _RUNS, self._handlers)

    def _register(self, agent: str, _told: Told) -> None:
        self._tally.register(agent, tidy_agent(agent))

    def _begin_run(self, run: str, told: Told) -> None:
        self._register(told["begun_on"], told)
        self._tally.begin_run(told["begun_on"], run)

    def _end_run(self, agent: str, told: Told) -> None:
        seconds = _number(told["minutes"]) * _SECONDS_A_MINUTE
        self._tally.end_run(agent, succeeded=True, seconds=seconds)

    def _fail_run(self, agent: str, _told: Told) -> None:
        self._tally.end_run(agent, succeeded=False, seconds=None)

    def _begin_batch(self, wanted: str, _told: Told) -> None:
        self._tally.wanted, self._tally.ended = int(wanted), 0

    def _end_batch(self, _text: str, _told: Told) -> None:
        for agent in self._tally.workers:
            self._tally.end_unneeded_run(agent)


class ConsoleLines:
    """
    Reads what the manager prints: iterations, phi, figures of the present batch of runs.

    Parameters
    ----------
    tally
        What it adds up in.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._iteration = 0
        self._reported: int | None = None
        self._handlers: Handlers = {
            "running": self._count,
            "glm_iteration": self._begin_iteration,
            "ies_iteration": self._begin_iteration,
            "opt_iteration": self._begin_iteration,
            "wanted": self._begin_batch,
            "stage": self._begin_activity,
            "activity": self._begin_activity,
            "awaiting": lambda *_: tally.await_workers(),
            "complete": lambda *_: tally.complete(),
            "error": lambda error, _: tally.errors.append(error.strip()),
            "report": self._begin_report,
            "initial": lambda _, told: self._begin_report("0", told),
            "mean": self._note_mean_phi,
            "ending": self._note_ends,
            "objective": lambda phi, _: self._note_objective(0, phi),
            "optimum": lambda phi, told: self._note_objective(int(told["optimised"]), phi),
        }

    def read(self, line: str) -> None:
        """Take the next line."""
        handle_line(line, _CONSOLE, self._handlers)

    def _count(self, running: str, told: Told) -> None:
        # Not those that are unavailable: whoever only tries the port is one of them for a moment.
        done, failed, late, waiting = (
            int(told[name]) for name in ("done", "failed", "late", "waiting")
        )
        self._tally.counted = (done, failed + late, int(running), waiting)

    def _begin_iteration(self, number: str, _told: Told) -> None:
        self._iteration = int(number)
        self._tally.begin_iteration(self._iteration)

    def _begin_batch(self, wanted: str, _told: Told) -> None:
        if self._tally.wanted is None or self._tally.counted is not None:
            self._tally.wanted = int(wanted)
        self._tally.counted = None

    def _begin_activity(self, activity: str, _told: Told) -> None:
        self._tally.activity = activity.strip().lower()

    def _begin_report(self, number: str, _told: Told) -> None:
        self._reported = int(number)

    def _note_mean_phi(self, phi: str, _told: Told) -> None:
        if self._reported is not None:
            self._note_phi(self._reported, phi)
            self._reported = None

    def _note_ends(self, ending: str, told: Told) -> None:
        self._tally.phi.setdefault(self._iteration - 1, _number(told["starting"]))
        self._tally.phi.setdefault(self._iteration, _number(ending))

    def _note_objective(self, iteration: int, value: str) -> None:
        self._tally.is_fitting = False
        self._note_phi(iteration, value)

    def _note_phi(self, iteration: int, phi: str) -> None:
        self._tally.phi[iteration] = _number(phi)


class PhiTableLines:
    """
    Reads CASE.iobj or CASE.phi.actual.csv: phi at the end of each iteration.

    Parameters
    ----------
    tally
        What it adds up in.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def read(self, line: str) -> None:
        """Take the next line."""
        cells = line.split(",")
        if len(cells) > 2 and cells[0].isdigit():
            self._tally.phi[int(cells[0])] = _number(cells[2])


class ErrorLines:
    """
    Reads stderr, where a control file that cannot be understood is told.

    Parameters
    ----------
    tally
        What it adds up in.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def read(self, line: str) -> None:
        """Take the next line."""
        if _ERROR.search(line):
            self._tally.errors.append(line.strip())


def tidy_agent(name: str) -> str:
    r"""Spell `host$D:\case` as `host D:\case`."""
    return name.replace("$", " ", 1)


def _number(text: str) -> float:
    number = as_number(text.strip())
    return math.nan if number is None else number
