"""What BeoPEST 16 writes while it runs, on its console, in CASE.rec and in CASE.rmr."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from runfleet.calibrate.fortran_numbers import WRITTEN, as_number
from runfleet.calibrate.progress.line_handlers import Handlers, Told, handle_line
from runfleet.calibrate.progress.tally import Tally

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
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
    | Sum\ of\ squared\ weighted\ residuals\ \(ie\ phi\)\s*=\s*(?P<sum>{WRITTEN})
    | Current\ value\ of\ measurement\ objective\ function\s*[:=]\s*(?P<measured>{WRITTEN})
    | Optimised\ measurement\ objective\ function\s*=\s*(?P<optimised>{WRITTEN})
    | Starting\ (?:measurement\ )?(?:phi|objective\ function)\ for\ this\ itera?t?i?o?n\.?\s*:\s*
      (?P<starting>{WRITTEN})
    | (?:Lowest|Best)\s+phi\s+this\s+iteration\s*:\s*(?P<lowest>{WRITTEN})
    | (?P<awaiting>Waiting\ for\ at\ least\ one\ slave)
    | (?P<complete>Optimisation\ complete)
    | (?P<error>Error\ condition\ prevents\ continued\ PEST\ execution)
    """,
    re.VERBOSE,
)


_FORGIVEN = re.compile(r"Phi = cannot be calculated: model run failure")
_STARS = re.compile(r"\s*\*{20,}")


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
        self._handlers: Handlers = {
            "node": lambda node, told: _register(tally, node, told),
            "begun_on": self._begin_run,
            "done_on": self._end_run,
            "failed_on": self._end_run,
            # It took so long that another node was given the same run, and was quicker.
            "late_on": lambda node, _: tally.end_unneeded_run(node),
            "lost": lambda node, _: tally.lose(node),
            "culled": lambda node, _: tally.lose(node),
            "iteration": lambda number, _: tally.begin_iteration(int(number)),
            "batch": lambda name, told: tally.begin_batch(name.lower(), int(told["wanted"])),
            "single": lambda *_: tally.begin_batch("running model for the first time", 1),
            "testing": lambda *_: tally.begin_batch("testing parameter upgrades", None),
            "last": lambda *_: tally.begin_batch("running model with the best parameters", 1),
            "end": self._end_all_runs,
        }

    def read(self, line: str) -> None:
        """Take the next line."""
        handle_line(line, _RUNS, self._handlers)

    def _begin_run(self, node: str, told: Told) -> None:
        self._begun[node] = _moment(told["time"])
        self._tally.begin_run(node, told["begun"])

    def _end_run(self, node: str, told: Told) -> None:
        begun, ended = self._begun.pop(node, None), _moment(told["time"])
        seconds = (ended - begun).total_seconds() if ended and begun else None
        if seconds is not None and seconds < 0:  # the year is not told, and has changed
            seconds = None
        self._tally.end_run(node, succeeded="done_on" in told, seconds=seconds)

    def _end_all_runs(self, _text: str, _told: Told) -> None:
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
        self._handlers: Handlers = {
            "iteration": self._begin_iteration,
            # What an iteration begins with is what the one before has reached.
            "starting": lambda phi, _: self._note_total_phi(self._iteration - 1, phi),
            "sum": lambda phi, _: self._note_total_phi(self._iteration, phi),
            "measured": lambda phi, _: self._note_phi(self._iteration - 1, phi),
            "optimised": lambda phi, _: self._note_phi(self._iteration, phi),
            "lowest": lambda phi, _: self._note_phi(self._iteration, phi),
            "awaiting": lambda *_: tally.await_workers(),
            "complete": lambda *_: tally.complete(),
            "error": self._begin_error,
        }

    def read(self, line: str) -> None:
        """Take the next line."""
        if self._error is None:
            handle_line(line, _RECORD, self._handlers)
        elif not _STARS.match(line):
            self._error += line.split()
        else:
            self._end_error(" ".join(self._error))

    def _begin_iteration(self, number: str, _told: Told) -> None:
        self._iteration = int(number)
        self._tally.begin_iteration(self._iteration)

    def _note_phi(self, iteration: int, text: str) -> None:
        phi = as_number(text)
        if phi is not None:
            self._tally.phi[max(iteration, 0)] = phi

    def _note_total_phi(self, iteration: int, text: str) -> None:
        # Of regularised inversion it holds the penalty, too, and is weighted anew in each
        # iteration: the measurement objective function is told apart, and before.
        phi = as_number(text)
        if phi is not None:
            self._tally.phi.setdefault(max(iteration, 0), phi)

    def _begin_error(self, _text: str, _told: Told) -> None:
        self._error = []

    def _end_error(self, message: str) -> None:
        if message and message not in self._tally.errors:
            self._tally.errors.append(message)
        self._error = None


class ConsoleLines(RecordLines):
    """
    Reads the console, which alone begins anew with a manager that goes on.

    With `lamforgive`, CASE.rmr calls runs completed that have failed; those that tried upgrades are
    told here.

    Parameters
    ----------
    tally
        What it adds up in.
    """

    def read(self, line: str) -> None:
        """Take the next line."""
        if _FORGIVEN.search(line):
            self._tally.forgive_run()
        super().read(line)


def _register(tally: Tally, node: str, told: Told) -> None:
    tally.register(node, _tidy(told["name"]))


def _moment(text: str) -> datetime | None:
    day, month, clock = text.split()
    hours, minutes, seconds = clock.split(":")
    try:
        # The year is not told; it does not matter to differences, and 2000 has every day.
        date = datetime(2000, _MONTHS.index(month.lower()) + 1, int(day), tzinfo=UTC)
    except ValueError:
        return None
    return date + timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))


def _tidy(name: str) -> str:
    r"""Spell `192.0.2.2\\D:\case` as `192.0.2.2 D:\case`."""
    return name.replace("\\\\", " ", 1)
