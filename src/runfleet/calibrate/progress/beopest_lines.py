"""What BeoPEST 16 writes while it runs, on its console, in CASE.rec and in CASE.rmr."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from runfleet.calibrate.progress.tally import Tally

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBER = r"[-+.\dEe]+"
_RUNS = re.compile(
    r"""
      (?P<time> \d+\s+[A-Z][a-z][a-z]\s+\d\d:\d\d:\d\d(?:\.\d+)? ) :-\s (?:
          index\ of\ (?P<node>\d+)\ assigned\ to\ node\ at\ working\ directory\ "(?P<name>.*)"
        | model\ run\ (?P<begun>\d+)\ commencing\ on\ node\ (?P<begun_on>\d+)
        | model\ run\ completed\ on\ node\ (?P<late_on>\d+);\ old\ run
        | model\ run\ \d+\ completed\ on\ node\ (?P<done_on>\d+)
        | model\ run\ failure\ on\ node\ (?P<failed_on>\d+)
        | communications\ failure\ on\ node\ (?P<lost>\d+)
      )
    | culling\ slave\ on\ node\ (?P<culled>\d+)
    | OPTIMISATION\ ITERATION\ NO\.\s*:?\s*(?P<iteration>\d+)
    | ^\s*(?P<batch>[A-Z][\w ]*?):\ running\ model\ (?P<wanted>\d+)\ times
    | ^\s*Running\ model\ (?P<single>1)\ time
    | (?P<testing>Testing\ parameter\ upgrades)
    | (?P<last>RUNNING\ MODEL\ ONE\ LAST\ TIME)
    | (?P<end>BEOSTATS)
    """,
    re.VERBOSE,
)
_RECORD = re.compile(
    rf"""
      OPTIMISATION\ ITERATION\ NO\.\s*:?\s*(?P<iteration>\d+)
    | Sum\ of\ squared\ weighted\ residuals\ \(ie\ phi\)\s*=\s*(?P<sum>{_NUMBER})
    | Current\ value\ of\ measurement\ objective\ function\s*[:=]\s*(?P<measured>{_NUMBER})
    | Optimised\ measurement\ objective\ function\s*=\s*(?P<optimised>{_NUMBER})
    | Starting\ (?:measurement\ )?(?:phi|objective\ function)\ for\ this\ itera?t?i?o?n\.?\s*:\s*
      (?P<starting>{_NUMBER})
    | (?:Lowest|Best)\s+phi\s+this\s+iteration\s*:\s*(?P<lowest>{_NUMBER})
    | (?P<awaiting>Waiting\ for\ at\ least\ one\ slave)
    | (?P<complete>Optimisation\ complete)
    | (?P<error>Error\ condition\ prevents\ continued\ PEST\ execution)
    | ^\s*(?P<stars>\*{{20,}})
    """,
    re.VERBOSE,
)


class RunRecordLines:
    """
    Reads CASE.rmr: which run begins and ends on which node, and when.

    Parameters
    ----------
    tally
        What it adds up in.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._begun: dict[str, datetime | None] = {}

    def read(self, line: str) -> None:
        """Take the next line."""
        match = _RUNS.search(line)
        if match is None:
            return
        told = {name: text for name, text in match.groupdict().items() if text is not None}
        moment = _moment(told.pop("time", ""))
        if "node" in told:
            self._tally.register(told["node"], _tidy(told["name"]))
        elif "begun" in told:
            self._begun[told["begun_on"]] = moment
            self._tally.begin_run(told["begun_on"], told["begun"])
        elif "done_on" in told or "failed_on" in told:
            self._end_run(told, moment)
        elif "late_on" in told:
            # It took so long that another node was given the same run, and was quicker.
            self._tally.end_unneeded_run(told["late_on"])
        elif "lost" in told or "culled" in told:
            self._tally.lose(told.get("lost") or told["culled"])
        else:
            self._follow(told)

    def _end_run(self, told: dict[str, str], moment: datetime | None) -> None:
        node = told.get("done_on") or told["failed_on"]
        begun = self._begun.pop(node, None)
        seconds = (moment - begun).total_seconds() if moment and begun else None
        if seconds is not None and seconds < 0:  # the year is not told, and has changed
            seconds = None
        self._tally.end_run(node, succeeded="done_on" in told, seconds=seconds)

    def _follow(self, told: dict[str, str]) -> None:
        if "iteration" in told:
            self._tally.begin_iteration(int(told["iteration"]))
        elif "batch" in told:
            self._tally.begin_batch(told["batch"].lower(), int(told["wanted"]))
        elif "single" in told:
            self._tally.begin_batch("running model for the first time", 1)
        elif "testing" in told:
            self._tally.begin_batch("testing parameter upgrades", None)
        elif "last" in told:
            self._tally.begin_batch("running model with the best parameters", 1)
        elif "end" in told:
            for node in self._begun:
                self._tally.end_unneeded_run(node)


class RecordLines:
    """
    Reads the console or CASE.rec, which say the same of iterations and of phi.

    Parameters
    ----------
    tally
        What it adds up in.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._iteration = 0
        self._error: list[str] | None = None

    def read(self, line: str) -> None:
        """Take the next line."""
        match = _RECORD.search(line)
        kind = match.lastgroup if match else None
        if self._error is not None:
            self._continue_error(line, is_end=kind == "stars")
        elif match is None:
            return
        elif kind == "error":
            self._error = []
        elif kind == "iteration":
            self._iteration = int(match[kind])
            self._tally.begin_iteration(self._iteration)
        elif kind == "awaiting":
            self._tally.activity = self._tally.activity or "waiting for workers"
        elif kind == "complete":
            self._tally.is_complete = True
        elif kind is not None and kind != "stars":
            self._note_phi(kind, match[kind])

    def _note_phi(self, kind: str, text: str) -> None:
        phi = _number(text)
        if phi is None:
            return
        # What an iteration begins with is what the one before has reached.
        begins = kind in ("starting", "measured")
        ended = max(self._iteration - begins, 0)
        if kind in ("starting", "sum"):
            # Of regularised inversion these hold the penalty, too, and it is weighted anew in
            # each iteration: the measurement objective function is told apart, and before.
            self._tally.phi.setdefault(ended, phi)
        else:
            self._tally.phi[ended] = phi

    def _continue_error(self, line: str, *, is_end: bool) -> None:
        assert self._error is not None
        if not is_end:
            self._error += line.split()
            return
        message = " ".join(self._error)
        if message and message not in self._tally.errors:
            self._tally.errors.append(message)
        self._error = None


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    day, month, clock = text.split()
    hours, minutes, seconds = clock.split(":")
    try:
        # The year is not told; it does not matter to differences, and 2000 has every day.
        date = datetime(2000, _MONTHS.index(month.lower()) + 1, int(day), tzinfo=UTC)
    except ValueError:
        return None
    return date + timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _tidy(name: str) -> str:
    r"""Spell `192.0.2.2\\D:\case` as `192.0.2.2 D:\case`."""
    return name.replace("\\\\", " ", 1)
