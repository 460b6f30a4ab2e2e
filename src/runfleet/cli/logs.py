"""`runfleet logs`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Annotated

import typer
from rich.console import Console

from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import On, StudyName, as_typed
from runfleet.cli.failures import WrongUsageError
from runfleet.cli.printer import Printer, write_raw
from runfleet.cli.studies import find_submission, open_account
from runfleet.cli.words import size_text
from runfleet.documents.errors import listed
from runfleet.launch import LogStream, Submission
from runfleet.launch.accounts.local import LOCAL
from runfleet.launch.outages import LOOK_AGAIN, hopeful
from runfleet.launch.run_files import LogEnd

app = new_app()

_TERMINAL_LINES = 1000
_TERMINAL_BYTES = 1 << 18
_SHOWN_FILES = 10

RunName = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN",
        help="The name of a run; the first failed one if not given. Of a calibration, "
        "`worker-001` and so on; `manager` if not given.",
    ),
]
Stderr = Annotated[bool, typer.Option("--stderr", help="Only what it wrote to stderr, on stdout.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run has ended.")]
Lines = Annotated[
    int | None,
    typer.Option("--lines", "-n", min=1, help="Only the last lines, so many of them."),
]
Whole = Annotated[
    bool, typer.Option("--all", help="All of it, on a terminal, too, however much it is.")
]


@app.command(epilog=example("runfleet logs study.yaml run-00002"))
@hopeful(LOOK_AGAIN)
def logs(
    study: StudyName,
    run: RunName = None,
    stderr: Stderr = False,
    follow: Follow = False,
    lines: Lines = None,
    whole: Whole = False,
    on: On = LOCAL,
) -> None:
    """
    Print what a run wrote to stdout or stderr.

    What it wrote to stdout goes to stdout, what it wrote to stderr follows on stderr. A terminal
    gets the last 1,000 lines, and is told what was left out; anything else gets all of it.
    """
    printer = Printer.standard()
    submission = find_submission(open_account(on), study)
    name = run or _first_to_read(printer, submission)
    command = f"runfleet logs --all {as_typed(study, name, on=on)}"
    reader = Reader(printer, submission, name, command, lines=lines, whole=whole)
    if stderr:
        reader.show(LogStream.STDERR, printer.out, follow=follow)
        return
    shown = reader.show(LogStream.STDOUT, printer.out, follow=follow)
    shown += reader.show(LogStream.STDERR, printer.err, follow=False)
    if not shown:
        _say_what_there_is(printer, submission, name)


@dataclass(frozen=True)
class Reader:
    """
    Shows what one run wrote.

    Parameters
    ----------
    printer
        Says what is left out.
    submission, run
        The run.
    command
        What prints all of it.
    lines
        How many lines are asked for; None for all, or for as many as a terminal gets.
    whole
        Whether a terminal gets all of it.
    """

    printer: Printer
    submission: Submission
    run: str
    command: str
    lines: int | None
    whole: bool

    def show(self, stream: LogStream, to: Console, *, follow: bool) -> int:
        """
        Show what the run wrote to a stream, and with `follow` what it goes on to write.

        Returns how many bytes it wrote.
        """
        is_cut = self.lines is not None or (to.is_terminal and not self.whole)
        read = 0
        if is_cut:
            end = self._end(stream)
            read = end.left_out + len(end.content)
            if end.left_out:
                size = size_text(end.left_out)
                self.printer.say(f"... {size} of {stream} left out; all of it: {self.command}")
            write_raw(to, end.content)
        elif not follow:
            content = self.submission.log(self.run, stream)
            write_raw(to, content)
            read = len(content)
        if follow:
            say_so = partial(self.printer.say, f"{self.run} begins anew, and so does its {stream}")
            for part in self.submission.follow_log(self.run, stream, offset=read, on_anew=say_so):
                write_raw(to, part)
                read += len(part)
        return read

    def _end(self, stream: LogStream) -> LogEnd:
        """Read ever more of the end, until it has as many lines as are asked for."""
        length = _TERMINAL_BYTES
        while True:
            end = self.submission.log_end(self.run, length, stream)
            # The first of them may have begun before.
            is_enough = self.lines is None or len(end.content.splitlines()) > self.lines
            if is_enough or not end.left_out:
                return end.last_lines(self.lines or _TERMINAL_LINES)
            length *= 8


def _say_what_there_is(printer: Printer, submission: Submission, run: str) -> None:
    """Say that a run printed nothing: what it has to say may be in a file that it wrote."""
    if not submission.has_begun(run):
        cancelled = submission.was_cancelled(run)
        printer.say(f"{run} {'was cancelled before it began' if cancelled else 'has not begun'}")
        return
    files = list(islice(submission.outputs(run), _SHOWN_FILES))
    left = f"; its files: {listed(files)}" if files else ""
    printer.say(f"{run} has written nothing to stdout and stderr{left}")


def _first_to_read(printer: Printer, submission: Submission) -> str:
    if not submission.is_calibration:
        return _first_failed(printer, submission)
    from runfleet.calibrate.tasks import MANAGER

    return MANAGER


def _first_failed(printer: Printer, submission: Submission) -> str:
    for failed in submission.failed_runs():
        printer.say(f"{failed.run}: {failed.message}")
        return failed.run
    raise WrongUsageError(
        "no run has failed, so name the one whose log to print",
        hint=f"the names of the runs are in `runs.csv`, such as `{next(submission.runs())}`",
    )
