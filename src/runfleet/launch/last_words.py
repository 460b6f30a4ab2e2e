"""What a program wrote: the line that tells why it failed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# What a program says last is often not what went wrong: addresses, that it ends itself, what else
# the run times of compilers add, or a rule of dashes.
_NOISE = re.compile(
    r"\s*+(#\d+\s+0x.*|Backtrace for this error:|Error termination\..*|Could not print backtrace:.*"
    r"|Note: The following floating-point exceptions are .*|Warning: ieee_\w+ is signal+ing"
    r"|Program received signal SIGABRT.*|timeout: the monitored command dumped core"
    r"|forrtl: warning: Could not open message catalog.*|forrtl: info: Check environment variable.*"
    r"|Image\s+PC\s+Routine\s+Line\s+Source|\S.*\s[0-9A-F]{8,16}\s+\S+\s+(\d+|Unknown)\s+\S+"
    r"|Stack trace terminated abnormally\.|Incrementally linked image--PC correlation disabled\."
    r"|apparent state: .*|last format: .*|lately:? (reading|writing) .*|logical unit \d+, named .*"
    r"|jwe\d+i\s+[a-z]\s+\d+|error (summary|number) .*|total error count = .*|error occurs at .*"
    r"|.* at loc \w+ called from .*|File name = .*|In source file .*, at line number \d+"
    r"|Press any key .*|[\W_]*|(?<=\s)at .*:\d+\)?"
    # of Open MPI, below that a process has called `MPI_Abort`
    r"|Proc: \[\[.*|Errorcode: \d+|with errorcode \d+\.|NOTE: invoking MPI_ABORT causes .*"
    r"|You may or may not see output from other processes, .*|exactly when Open MPI kills them\."
    r"|\S+ has exited due to process rank \d+ .* calling|\"abort\"\. This may have caused .*"
    r"|terminated by signals sent by \S+ \(as reported here\)\.)"
)
_BACKTRACE = re.compile(r"(?m)(?<=\.) Backtrace:\s*$")
# Microsoft's Fortran tells on a second line what was wrong with what the first one names.
_TWO_LINES = re.compile(r"(run-time error [A-Z]\d+:[^\r\n]{0,200})\r?\n- ")

_TELLING = re.compile(
    r"(?i)\b\w*(error|exception|fatal|abort|fail|cannot|can't|could not|unable|missing|not found|"
    r"diverged|(not|no|non)[ -]conver|severe\b|invalid|illegal|denied|unrecogni[sz]ed|"
    r"no such file|not allowed|not completed)"
    r"|^\s*(what\(\):|jwe\d+i-[esu]|PGFIO-F-|\*ERR\*)"
)
# A line that begins so is no remark in passing.
_LOUD = re.compile(r"(?i)\W*((fatal|severe|run-?time|serious)\W+)*\w*(error|exception|fatal|abort)")
# What speaks of errors in a routine line: that there are none, how large they are or may be.
_GAP = re.compile(r"\s{2,}")
# Bounded, or a line of nothing but digits would take forever.
_NUMBER = r"[-+]?(\d{1,40}\.?\d{0,40}|\.\d{1,40})([ed][-+]?\d{1,9})?"
_ROUTINE = re.compile(
    rf"""(?ix)
    \b (no|without(\sany)?) \s ((fatal|serious|severe|input|data|numerical|further|other) \s)?
        (errors?|exceptions?|fail(ures?|ed)|missing|invalid)\b
    | (?<![\w.,]) 0 \s+ (\w+\s)? (errors|error\(s\)|exceptions|failures|failed|aborted|missing)
    | \b errors? \b (\s\w+)? \s* (\([^)]*\))? [\s.]* [:=]? \s* (?<![\w.])
        ([-+]?0{{1,40}}(\.0{{0,40}})? | (?=[-+]?[.\d]{{0,80}}[.e%]|\S{{1,80}}\s*%) {_NUMBER}) \s?
        ([^\s,;]{{0,6}} \s? ($|[,;]) | %?\s\s | %$)
    | \b errors? \b [^=:]{{0,40}} = \s* (?=[-+\d]*\.) {_NUMBER} (?![\w.])
    | \b rms \s+ errors?\b ([\s:=]+ {_NUMBER})?
    | \b error \s (tolerance|criteri(on|a)|limit|norm|bound|control|estimate|variance|statistics)
    """
)
_BEYOND = re.compile(
    r"(?i)\b(exceed\w*|too|beyond|greater|larger|not (met|reached|achieved|satisfied))\b"
)
_HALTED = re.compile(r"(?i)\b(stopped|stopping|halted|aborted|aborting|terminated|terminating)\b")
_STOP = re.compile(r"\W*STOP\b")
_WELL = re.compile(r"(?i)\b(normal|success)")
# That a program ends, with no word of what for.
_ONLY_ENDS = re.compile(
    r"(?i)(?=.*(stop|halt|abort|terminat|exit))[\W\d]*((a|abnormal|abnormally|abort(ed|ing)?|an|be|"
    r"been|by|calculation|code|computation|due|error|errors|execution|exit(ed|ing)?|fatal|fortran|"
    r"halt(ed|ing)?|has|i/o|is|job|model|now|of|on|premature(ly)?|process|program|run|simulation|"
    r"status|stop(ped|ping)?|terminat(ed|ing|ion)|the|this|to|was|will|with)\b[\W\d]*)+"
)
_NEAR_END = 5
_REMARK = re.compile(r"(?i)\W*(warning|note|info|debug)\b|(?-i:.*\b(WARNING|INFO|DEBUG)\b)|.*\d ?%")
# What MPI says of processes that are gone, behind what the first of them said of itself.
_EPILOGUE = re.compile(
    r"\s*+(\[[^\]\s]*[@:][^\]\s]*\]"
    r"|.*(\bPMIX|MPI_ERRORS_ARE_FATAL|MPI_ABORT was invoked|other processes in the"
    r"|by signals sent by|BAD TERMINATION OF ONE|YOUR APPLICATION TERMINATED WITH"
    r"|Primary job  terminated|Per user-direction, the job|causing the job to be terminated"
    r"|run detected that one or more|run noticed that process)"
    r"|the job to be terminated\. The first|(?<=\s)(Process name:|Exit code:) )"
)
# What a shell says of a program that a signal has ended, with more where it reads a script, as in
# `go.sh: line 3: 123 Aborted                 ./model`; and what Open MPI and MPICH say.
_SIGNAL = (
    "(Aborted|Killed|Segmentation fault|Bus error|Illegal instruction|Floating point exception"
    "|Trace/breakpoint trap|Bad system call|User defined signal [12]"
    "|(?:CPU time|File size) limit exceeded)"
)
_ENDINGS = tuple(
    re.compile(form.replace("SIGNAL", _SIGNAL))
    for form in (
        r"\s*SIGNAL(?: \(core dumped\))?\s*",
        r"\S.*:\s+\d+ SIGNAL(?! \S|:).*",
        r".*\bsignal \d+ \(SIGNAL\)\.?",
        r"Program (?i:SIGNAL)\.",
        r".*TERMINATED WITH THE EXIT STRING: SIGNAL.*",
    )
)
_ABORTED = "Aborted"

_BREAK = re.compile(r"[^\S ]+")  # blanks stay: a pattern may lack just one of them
_LONGEST_MESSAGE = 300

# What colours a terminal or rings its bell: sequences that begin with an escape, and characters
# that control, but for those that part lines and words.
_CONTROL = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|.)|[\x00-\x08\x0e-\x1b\x7f]"
)


@dataclass(frozen=True, slots=True)
class _Written:
    """
    What a program wrote to a stream, but for noise.

    Parameters
    ----------
    lines
        All lines of it.
    said
        Those of the program itself; others say of it that it has ended.
    """

    lines: Sequence[str]
    said: Sequence[str]

    @classmethod
    def parse(cls, text: str) -> _Written:
        plain = _TWO_LINES.sub(r"\1 - ", _BACKTRACE.sub("", printable(text)))
        lines = [line for line in plain.splitlines() if not _NOISE.fullmatch(line)]
        said = [one for one in lines if not _EPILOGUE.match(one) and _signal_in(one) is None]
        return cls(lines, said)

    @property
    def signal(self) -> str | None:
        """The signal that has ended the program, if the last line tells of one."""
        return _signal_in(self.lines[-1]) if self.lines else None


def reason(stderr: str, stdout: str) -> str | None:
    """
    Tell why a program failed by what it wrote; None where nothing of that tells.

    What it says to stderr comes first, but for what says nothing, such as `STOP 3`: many old
    programs write their errors to stdout.
    """
    errors, output = _Written.parse(stderr), _Written.parse(stdout)
    told = (
        _told_of_error(errors)
        or _loud_line(output)
        or _own_words(errors)
        or _error_line(output)
        or _end_told(errors)
        or _end_told(output)
        or _last_line(errors)
    )
    return told and one_line(told)


def error_line(text: str) -> str | None:
    """Pick the last line of what was written that speaks of an error; None where none does."""
    told = _error_line(_Written.parse(text))
    return told and one_line(told)


def last_line(text: str) -> str | None:
    """
    Pick the last line of what a program wrote that says anything; None where none does.

    The signal that ended a program does not tell what it did: what it said before that does.
    """
    told = _last_line(_Written.parse(text))
    return told and one_line(told)


def _error_line(written: _Written) -> str | None:
    return _told_of_error(written) or next(filter(_is_of_error, reversed(written.lines)), None)


def _told_of_error(written: _Written) -> str | None:
    """
    Pick the last line in which the program itself speaks of an error.

    Where a program aborted, which it does itself, any other line tells why: the last one.
    """
    told = next(_telling(written.said), None)
    return told or (_last(written.said) if written.signal == _ABORTED else None)


def _loud_line(written: _Written) -> str | None:
    """Pick a line near the end that begins with the word for its error."""
    return next(filter(_LOUD.match, _telling(written.said[-_NEAR_END:])), None)


def _own_words(written: _Written) -> str | None:
    """Pick the last line, if it says more than that the program ends."""
    last = _last(written.said)
    if last is None or last is not written.lines[-1]:
        return None
    return None if _only_ends(last) or _REMARK.match(last) else last


def _end_told(written: _Written) -> str | None:
    """Where the last line says only that the program ends: it, and what stands before."""
    last = _last(written.said)
    if last is None or not _only_ends(last):
        return None
    if before := _last(written.said[:-1]):
        return _with_before(last, before)
    return last if _HALTED.search(last) else None


def _last_line(written: _Written) -> str | None:
    last = _last(written.said)
    if last and written.signal:
        return _with_before(written.lines[-1], last)
    return last or _last(written.lines)


def _with_before(last: str, before: str) -> str:
    return f"{one_line(last)}; before that: {one_line(before)}"


def _last(lines: Sequence[str]) -> str | None:
    return lines[-1] if lines else None


def _telling(said: Sequence[str]) -> Iterator[str]:
    """List the lines that speak of an error, or near the end of a stop, the last one first."""
    for number, line in enumerate(reversed(said)):
        if _is_of_error(line) or (number < _NEAR_END and _is_of_stop(line)):
            yield line


def _is_of_error(line: str) -> bool:
    if not _TELLING.search(line) or _only_ends(line) or _signal_in(line):
        return False
    if _BEYOND.search(line):
        return True
    return _TELLING.search(_ROUTINE.sub(" ", _GAP.sub("  ", line))) is not None


def _is_of_stop(line: str) -> bool:
    is_told = _HALTED.search(line) or _STOP.match(line)
    return is_told is not None and not (_only_ends(line) or _WELL.search(line))


def _only_ends(line: str) -> bool:
    return _ONLY_ENDS.fullmatch(line) is not None


def _signal_in(line: str) -> str | None:
    """Find the signal in a line that says that one has ended a program."""
    matches = (ending.fullmatch(line) for ending in _ENDINGS)
    return next((match[1].capitalize() for match in matches if match), None)


def one_line(text: str) -> str:
    """Bring a message on one line of bounded length."""
    parts = (part.strip() for part in _BREAK.split(printable(text)))
    line = " ".join(part for part in parts if part)
    return line if len(line) <= _LONGEST_MESSAGE else f"{line[: _LONGEST_MESSAGE - 3]}..."


def printable(text: str) -> str:
    """Leave out what a text tells a terminal to do."""
    return _CONTROL.sub("", text)
