"""
The command of a run on Windows nodes, as lines of its batch file.

Wine's `cmd` begins what follows `&&` or `||` whatever came before it, so the lines look at exit
codes themselves where they can, and tell where they cannot.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import PureWindowsPath

from runfleet.azure import OperatingSystem, shell_command
from runfleet.study.model import Model

COMMAND = "command"
"""The label below which a command stands that has a `cmd` of its own, and how that is told so."""

# An EXE may be started by the batch file itself, redirected or not: control comes back, and a `cmd`
# of its own would take as long as many a model.
_STARTS_EXE = re.compile(r"[\w.:\\-]+\.exe(?:\s(?:[^&|^%\n]|%\w+%|>&[12])*)?", re.IGNORECASE)
_SPECIAL = re.compile(r"[&|<>^()]")
# What is in quotes, what a caret or a redirection makes harmless, operators, and the rest.
_PIECE = re.compile(r'"[^"]*"?|\^.?|[<>]&\d?|&&|\|\||[&()]|[^"^<>&|()]+|.', re.DOTALL)
_CONDITIONS = frozenset(["&&", "||"])
_NOT_PLAIN = frozenset(["||", "&", "(", ")"])
_TAKES_THE_REST = re.compile(r"\s*@?\s*(?:(?:if|for|rem|goto|else)\b|:)", re.IGNORECASE)
_NOT_CARRIED_OUT = re.compile(r"\s*@?\s*(?:rem\b|:)", re.IGNORECASE)
_FIRST_WORD = re.compile(r'\s*@?\s*(?!:)(?:"([^"]+)"|([^\s&|()<>",;=]+))')
# Commands of `cmd`, and programs that its system has or that somebody has installed.
_NO_BATCH_FILE = re.compile(
    r"(?:call|cd|chdir|cls|copy|date|del|dir|echo|endlocal|erase|exit|for|goto|if|md|mkdir|mklink"
    r"|move|path|pause|popd|prompt|pushd|rd|rem|ren|rename|rmdir|set|setlocal|shift|start|time"
    r"|title|type|ver|verify|vol|cmd|find|findstr|java|more|perl|powershell|python|robocopy"
    r"|rscript|sort|tar|where|xcopy)(?![\w-])",
    re.IGNORECASE,
)
_BATCH_FILES = (".bat", ".cmd")
_NAMES_BATCH_FILE = re.compile(r"\.(?:bat|cmd)\b", re.IGNORECASE)
_CALLS = re.compile(r"\bcall\b", re.IGNORECASE)
_LOOP_VARIABLE = re.compile(r"%([A-Za-z])\s+in\b", re.IGNORECASE)
_NO_ERROR = "(call )"


def steps_of(line: str) -> list[str]:
    """
    Split a plain `A && B && C` into the commands of which each begins if those before succeeded.

    Any other line is one step: one with other operators or parentheses, or one of which `if` or
    `for` take the rest.
    """
    pieces = _pieces(line)
    if _TAKES_THE_REST.match(line) or any(
        piece in _NOT_PLAIN or piece.startswith("^") for piece in pieces
    ):
        return [line]
    steps = [""]
    for piece in pieces:
        if piece == "&&":
            steps.append("")
        else:
            steps[-1] += piece
    return [step.strip() for step in steps] if all(map(str.strip, steps)) else [line]


def has_conditions(line: str) -> bool:
    """Tell whether a line has `&&` or `||`, outside quotes, comments and labels."""
    return not _NOT_CARRIED_OUT.match(line) and not _CONDITIONS.isdisjoint(_pieces(line))


def steps_of_command(command: str) -> list[list[str]]:
    """
    List the steps of each line of a command.

    Lines with parentheses may be in a block, which ends where there is a label to go on at.
    """
    lines = [line.strip() for line in command.splitlines() if line.strip()]
    whole = len(lines) > 1 and not {"(", ")"}.isdisjoint(_pieces(command))
    return [[line] if whole else steps_of(line) for line in lines]


def start_lines(command: str) -> list[str]:
    """
    Write the lines that start a command; after them `ERRORLEVEL` is its exit code.

    A command that is no EXE has a `cmd` of its own, whatever it does to that: a batch file without
    `call` would not come back, and `exit` would leave ours.
    """
    lines = steps_of_command(command)
    if _is_of_exes(lines):
        return list(_guarded(lines))
    if is_below(command):
        # The inner quotes keep the path together, for which the outer ones must not be any.
        return [f'cmd /s /c ^""%~f0" {COMMAND}^"']
    return [quoted(shell_command(command.strip(), OperatingSystem.WINDOWS))]


def is_below(command: str) -> bool:
    """Tell whether a command stands below a label: one of several lines, or of several steps."""
    lines = steps_of_command(command)
    return not _is_of_exes(lines) and sum(map(len, lines)) > 1


def stands_in_batch_file(command: str) -> bool:
    """Tell whether the lines of a command are those of the batch file, and not one for a `cmd`."""
    return is_below(command) or _is_of_exes(steps_of_command(command))


def lines_below(model: Model) -> list[str]:
    """Write the lines that stand below that label, where a batch file spells `%` otherwise."""
    programs = {str(one.path).lower().replace("/", "\\") for one in model.inputs}
    percent = _percent_of(model.command)
    lines = [
        [_in_batch_file(step, programs, percent) for step in steps]
        for steps in steps_of_command(model.command)
    ]
    return [f":{COMMAND}", *_guarded(lines), "exit %ERRORLEVEL%"]


def quoted(line: str) -> str:
    """Write a line so that a batch file hands it on as it stands."""
    pieces = line.replace("%", "%%").split('"')
    # Quotes take turns at opening and closing; between them nothing is special but `%`.
    outside = [escaped(piece) for piece in pieces[::2]]
    pieces[::2] = outside
    return '"'.join(pieces)


def escaped(text: str) -> str:
    """Take from letters of `cmd` what they mean to it; `%` stays what it is."""
    return _SPECIAL.sub(r"^\g<0>", text)


def _pieces(line: str) -> list[str]:
    return _PIECE.findall(line)


def _is_of_exes(lines: Iterable[Iterable[str]]) -> bool:
    return all(_STARTS_EXE.fullmatch(step) for line in lines for step in line)


def _guarded(lines: Iterable[Iterable[str]]) -> Iterator[str]:
    """Write the steps of each line, which is left once one of them has failed."""
    for number, (first, *others) in enumerate(lines, start=1):
        if others and number > 1:
            yield _NO_ERROR  # which many of `cmd`'s own commands leave as it was
        yield first
        for step in others:
            yield f"if %ERRORLEVEL% neq 0 goto after_{number}"
            yield step
        if others:
            yield f":after_{number}"


def _in_batch_file(step: str, programs: Collection[str], percent: re.Pattern[str]) -> str:
    if _STARTS_EXE.fullmatch(step):
        return step
    if _may_start_batch_file(step, programs):
        step = f"call {step.lstrip('@ ')}"
    elif _NAMES_BATCH_FILE.search(step) and not _CALLS.search(step):
        return quoted(shell_command(step, OperatingSystem.WINDOWS))
    itself = "%%%%" if _CALLS.match(step) else "%%"  # `call` reads its line once more
    return percent.sub(lambda match: match[0] if len(match[0]) > 1 else itself, step)


def _may_start_batch_file(step: str, programs: Collection[str]) -> bool:
    """Tell whether a step has to be called: without that, a batch file does not come back."""
    match = _FIRST_WORD.match(step)
    word = (match[1] or match[2] or "") if match else ""
    ending = PureWindowsPath(word).suffix.lower()
    if ending in _BATCH_FILES:
        return True
    # Wine forgets the exit code of what is called, so that a program is not if it is known.
    is_known = str(PureWindowsPath(f"{word.lower()}.exe")) in programs or _NO_BATCH_FILE.match(word)
    return bool(PureWindowsPath(word).name) and not ending and not is_known


def _percent_of(command: str) -> re.Pattern[str]:
    """Find `%`: two of them, those of a variable, and one that stands for itself or in a loop."""
    loops = "".join(_LOOP_VARIABLE.findall(command))
    no_loop = rf"(?![{loops}]\b)" if loops else ""
    return re.compile(rf"%%|%{no_loop}[A-Za-z_][^\s%:=]*(?::[^%\n]*)?%|%")
