"""What the programs of PEST++ 5 write while they run, on their console and in files of the case."""

from __future__ import annotations

import re

from runfleet.calibrate.progress.tally import Tally

_NUMBER = r"[-+.\dEe]+"
_SECONDS_A_MINUTE = 60.0
_RUNS = re.compile(
    r"""
      new\ agent\ ready:(?P<ready>.+?)(?:\ socket:.*)?$
    | Sending\ run_id:(?P<begun>\d+)\ to:(?P<begun_on>.+?)\ +group_id:
    | completed\ run_id:\d+\ .*?(?:from|agent):(?P<late_on>.+?)(?:\ +(?:run_time|group_id):.*)?$
    | run_id:\d+\ killed\ on\ agent:(?P<killed_on>.+?)(?:\ +(?:run_id|group_id):.*)?$
    | run_id:\d+\ received\ from:(?P<done_on>.+?)\ +run_time:(?P<minutes>[-+.\dEe]+)
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
      agents\(R(?P<running>\d+)\s*\|W(?P<waiting>\d+)\s*\|U(?P<unavailable>\d+)
    | OPTIMISATION\ ITERATION\ NUMBER:\s*(?P<glm_iteration>\d+)
    | starting\ solve\ for\ iteration:\s*(?P<ies_iteration>\d+)
    | starting\ LP\ iteration\s*(?P<opt_iteration>\d+)
    | EnsembleMethod\ iteration\ (?P<report>\d+)\ report
    | ---\ \ (?P<initial>initial)\ phi\ summary
    | ^\s+actual\s+(?P<mean>{_NUMBER})
    | starting\ phi\ =\s*(?P<starting>{_NUMBER});\s+ending\ phi\ =\s*(?P<ending>{_NUMBER})
    | objective\ function\ value\ \(using\ initial.*?\):\s*(?P<objective>{_NUMBER})
    | iteration\ (?P<optimised>\d+)\ objective\ function\ value:\s*(?P<optimum>{_NUMBER})
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

    def read(self, line: str) -> None:
        """Take the next line."""
        match = _RUNS.search(line)
        if match is None:
            return
        told = {name: text for name, text in match.groupdict().items() if text is not None}
        if "ready" in told:
            self._tally.register(told["ready"], tidy_agent(told["ready"]))
        elif "begun" in told:
            self._tally.register(told["begun_on"], tidy_agent(told["begun_on"]))
            self._tally.begin_run(told["begun_on"], told["begun"])
        elif "done_on" in told:
            seconds = _number(told["minutes"]) * _SECONDS_A_MINUTE
            self._tally.end_run(told["done_on"], succeeded=True, seconds=seconds)
        elif "failed_on" in told:
            self._tally.end_run(told["failed_on"], succeeded=False, seconds=None)
        elif "lost" in told:
            self._tally.lose(told["lost"])
        elif "late_on" in told or "killed_on" in told:
            # A slow run is given to a second agent, too; what comes second is not needed.
            self._tally.end_unneeded_run(told.get("late_on") or told["killed_on"])
        elif "end" in told:
            for agent in self._tally.workers:
                self._tally.end_unneeded_run(agent)
        else:
            self._tally.wanted, self._tally.ended = int(told["wanted"]), 0


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

    def read(self, line: str) -> None:
        """Take the next line."""
        for match in _CONSOLE.finditer(line):
            told = {name: text for name, text in match.groupdict().items() if text is not None}
            self._follow(told)

    def _follow(self, told: dict[str, str]) -> None:
        if "running" in told:
            names = ("done", "failed", "running", "waiting", "unavailable")
            done, failed, running, waiting, unavailable = (int(told[name]) for name in names)
            late = int(told["late"])
            self._tally.counted = (done, failed + late, running, waiting, unavailable)
        elif number := next((told[name] for name in told if name.endswith("_iteration")), None):
            self._iteration = int(number)
            self._tally.begin_iteration(self._iteration)
        elif "wanted" in told:
            if self._tally.wanted is None or self._tally.counted is not None:
                self._tally.wanted = int(told["wanted"])
            self._tally.counted = None
        elif "stage" in told or "activity" in told:
            self._tally.activity = (told.get("stage") or told["activity"]).strip().lower()
        elif "awaiting" in told:
            self._tally.activity = self._tally.activity or "waiting for workers"
        elif "complete" in told:
            self._tally.is_complete = True
        elif "error" in told:
            self._tally.errors.append(told["error"].strip())
        else:
            self._follow_phi(told)

    def _follow_phi(self, told: dict[str, str]) -> None:
        if "report" in told or "initial" in told:
            self._reported = int(told.get("report", 0))
        elif "mean" in told and self._reported is not None:
            self._tally.phi[self._reported] = _number(told["mean"])
            self._reported = None
        elif "objective" in told or "optimum" in told:
            objective = _number(told.get("objective") or told["optimum"])
            self._tally.phi[int(told.get("optimised", 0))] = objective
        elif "ending" in told:
            self._tally.phi.setdefault(self._iteration - 1, _number(told["starting"]))
            self._tally.phi.setdefault(self._iteration, _number(told["ending"]))


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
    try:
        return float(text)
    except ValueError:
        return float("nan")
