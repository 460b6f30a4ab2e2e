"""Where every error of the command line ends: as two lines for people and an exit code."""

from __future__ import annotations

import os
import re
import tempfile
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import typer

from runfleet.cli.arguments import addressed
from runfleet.cli.printer import Printer
from runfleet.errors import RunfleetError, is_out_of_space
from runfleet.home import Folders, advice_on_foreign, runfleet_home
from runfleet.launch.accounts.local import LOCAL
from runfleet.nearest_word import nearest

FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130

_STANDARD_OUTPUT = 1
_MOST_ERRORS = 20
_TOO_MANY = re.compile(r"unexpected extra arguments?(?:\(s\))? \((.*)\)", re.DOTALL)

_NO_NUMBER = re.compile(r"Input should be a valid integer, unable to parse .*")


class WrongUsageError(RunfleetError):
    """Arguments that do not fit together."""


def exit_code_of(command: Callable[[], object], printer: Printer, *, account: str = LOCAL) -> int:
    """
    Carry out a command; whatever it raises becomes a message and an exit code.

    Parameters
    ----------
    command
        Returns its exit code, if that is not 0, or raises.
    printer
        Says what went wrong.
    account
        Where the command goes, and with it whatever is advised.
    """
    try:
        result = command()
    except WrongUsageError as error:
        printer.error(error.message, error.hint)
        return WRONG_USAGE
    except RunfleetError as error:
        _report(error, printer, account)
        return FAILED
    except typer.TyperException as error:
        printer.error(*_in_our_words(error))
        return error.exit_code
    except typer.Abort:
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        return _report_system_error(error, printer)
    except Exception as error:  # The one place for what nobody foresaw.
        return _report_unforeseen(error, printer)
    return result if isinstance(result, int) else 0


def _report(error: RunfleetError, printer: Printer, account: str) -> None:
    """Tell what went wrong, and what else was found with it."""
    others = error.others
    for one in (error, *others[: _MOST_ERRORS - 1]):
        printer.error(one.message, addressed(one.hint or "", account) or None)
    if len(others) >= _MOST_ERRORS:
        printer.say(f"There are {len(others) + 1 - _MOST_ERRORS} more.")


def _in_our_words(error: typer.TyperException) -> tuple[str, str | None]:
    """Typer's `Missing argument 'STUDY'.` as the rest of our messages are written, and a hint."""
    context = getattr(error, "ctx", None)
    usage = f"`{context.command_path} --help` shows how it is used" if context else None
    option = getattr(error, "option_name", None)
    if option and re.match(r"-\d", option):
        return f"there is no option `{option}`", f"before a name, write `--`: `-- {option}`"
    if option and hasattr(error, "possibilities"):
        meant = nearest(option, error.possibilities or ())
        return (
            f"there is no option `{option}`",
            f"did you mean `{meant}`?" if meant else usage,
        )
    if too_many := _TOO_MANY.search(error.format_message()):
        return (
            f"there are too many arguments: `{too_many[1]}`",
            f"put a name that holds blanks in quotes; {usage}",
        )
    if option and error.format_message().endswith("requires an argument."):
        return f"the option `{option}` has no value", "write one behind it"
    message = _NO_NUMBER.sub(r"it should be a whole number", error.format_message().strip())
    quoted = re.sub(r"'([^'\n]*)'", r"`\1`", message).removesuffix(".")
    return quoted[:1].lower() + quoted[1:], usage


def _report_system_error(error: OSError, printer: Printer) -> int:
    """A full disk or a missing permission is no fault of runfleet: it names the file instead."""
    if is_out_of_space(error) and error.filename is None:
        # Of standard output, most likely.  Python would try once more at its end to write the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), _STANDARD_OUTPUT)
        printer.error("there is no space left to write to", "make room on the disk, and try again")
        return FAILED
    if error.filename is None:
        return _report_unforeseen(error, printer)
    printer.error(
        f"`{error.filename}`: {error.strerror}",
        advice_on_foreign(error, runfleet_home()),
    )
    return FAILED


def _report_unforeseen(error: Exception, printer: Printer) -> int:
    summary = "".join(traceback.format_exception_only(error)).strip()
    log = _write_traceback(error)
    printer.error(
        f"runfleet itself failed: {summary}",
        f"this is a fault of runfleet; please report it with the traceback in `{log}`",
    )
    return FAILED


def _write_traceback(error: Exception) -> Path:
    """Append the traceback to the log of errors, in the temporary folder if home is unwritable."""
    text = (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n{''.join(traceback.format_exception(error))}\n"
    )
    try:
        return _append(Folders(runfleet_home()).errors, text)
    except (OSError, RunfleetError):
        return _append(Path(tempfile.gettempdir()) / "runfleet-errors.txt", text)


def _append(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as log:
        log.write(text)
    return path
