"""What prints: data to stdout, talk to stderr, colour on terminals only."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from getpass import getpass
from io import TextIOWrapper
from itertools import accumulate
from typing import Any, TextIO, TypeAlias, cast

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.table import Column, Table
from rich.text import Text

from runfleet.cli.plain_tables import GAP, table_lines

Columns: TypeAlias = Sequence[Column | str]

# Wide enough that nothing is cut or wrapped where no terminal sets the width.
_UNLIMITED_WIDTH = 10_000


class Printer:
    """
    Prints for people and for programs.

    Parameters
    ----------
    out
        Where data goes.
    err
        Where everything else goes.
    """

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self.out = _console(out)
        self.err = _console(cast("TextIO", _Talk(err)))

    @classmethod
    def standard(cls) -> Printer:
        """The printer of this process; characters that its outputs do not know become `?`."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="replace")
        return cls(sys.stdout, sys.stderr)

    @property
    def is_interactive(self) -> bool:
        """Whether somebody is there to see a question and to answer it."""
        return self.err.is_terminal and sys.stdin.isatty()

    def data(self, text: str) -> None:
        """Print a line of data: as it is, but for control characters, which no terminal gets."""
        if self.out.file.isatty():
            self.out.out(text, highlight=False)
            return
        try:
            self.out.file.write(f"{text}\n")
            self.out.file.flush()
        except BrokenPipeError:
            # Whoever reads it has enough, as `head` has.
            self.out.on_broken_pipe()

    def json(self, value: Any) -> None:
        """Print a value as JSON, see `json_text`; where it cannot be UTF-8, in ASCII alone."""
        self.data(json_text(value, in_ascii=not self.out.encoding.startswith("utf")))

    def table(self, columns: Columns, rows: Iterable[Sequence[object]]) -> None:
        """Print a table of data; nothing is cut where no terminal sets the width."""
        if self.out.is_terminal:
            self.show(new_table(columns, rows))
            return
        numbers = {place for place, column in enumerate(columns) if _is_aligned_right(column)}
        for line in table_lines([list(map(_header, columns)), *rows], numbers):
            self.data(line)

    def named_table(self, columns: Columns, rows: Sequence[Sequence[str]]) -> int:
        """
        Print data of which the first column names each row; the last to go on narrow terminals.

        Returns how many columns had no room; without a terminal none.
        """
        if not self.out.is_terminal:
            self.table(columns, rows)
            return 0
        count = _fitting_columns(columns, rows, self.out.width)
        name = Column(_header(columns[0]), no_wrap=count > 1, overflow="fold")
        self.table((name, *columns[1:count]), [row[:count] for row in rows])
        return len(columns) - count

    def facts(self, facts: Iterable[tuple[str, str]]) -> None:
        """Print names and texts, a line each, the names in a column."""
        if not self.out.is_terminal:
            for line in table_lines(facts):
                self.data(line)
            return
        grid = Table.grid(padding=(0, 2))
        for name, text in facts:
            grid.add_row(Text(name, "bold"), Text(text))
        self.show(grid)

    def show(self, renderable: RenderableType) -> None:
        """Print something with a layout; no line ends in blanks where programs may read it."""
        if self.out.is_terminal:
            self.out.print(renderable)
            return
        with self.out.capture() as captured:
            self.out.print(renderable)
        for line in captured.get().splitlines():
            self.data(line.rstrip())

    def say(self, message: RenderableType = "") -> None:
        """Tell people something."""
        self.err.print(message, soft_wrap=isinstance(message, str))

    def talk_table(self, columns: Columns, rows: Iterable[Sequence[object]]) -> None:
        """Print a table that only people read."""
        self.err.print(new_table(columns, rows))

    def failure(self, message: str) -> None:
        """Tell people of something that has failed."""
        self.say(Text(message, "red"))

    def warning(self, message: str) -> None:
        """Tell people what is allowed but probably not meant."""
        self.say(_labelled("warning", message, "bold yellow"))

    def error(self, message: str, hint: str | None) -> None:
        """Tell people what went wrong and how to mend it."""
        self.say(_labelled("error", message, "bold red"))
        if hint:
            self.say(_labelled("hint", hint, "bold cyan"))

    def ask(self, question: str) -> bool:
        """Ask a question and wait for yes or no; no answer means no."""
        self.err.print(f"{question} [y/N] ", end="", soft_wrap=True)
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    def ask_text(self, question: str) -> str:
        """Ask for a line of text."""
        self.err.print(f"{question}: ", end="", soft_wrap=True)
        return sys.stdin.readline().strip()

    def ask_secret(self, question: str) -> str:
        """Ask for a line that is not shown while it is typed."""
        return getpass(f"{question}: ", stream=sys.stderr).strip()


class _Talk:
    """
    A stream for what people are told; that nobody hears it any more stops no work.

    Parameters
    ----------
    stream
        Where it goes, which may be a full disk or a terminal that is gone.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write text if that can be done."""
        with self._forgiving():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Bring out what was written if that can be done."""
        with self._forgiving():
            self._stream.flush()

    @contextmanager
    def _forgiving(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            # Python would try to write the rest at its end, and complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


def new_table(columns: Columns, rows: Iterable[Sequence[object]]) -> Table:
    """Make a table without lines; cells are printed as they are, without markup."""
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    return table


def _fitting_columns(
    columns: Sequence[Column | str], rows: Sequence[Sequence[str]], width: int
) -> int:
    """Count the columns that have room side by side, unbroken; at least one."""
    widths = [max(map(cell_len, cells)) for cells in zip(map(_header, columns), *rows, strict=True)]
    ends = accumulate(GAP + cells for cells in widths)
    return max(1, sum(end - GAP <= width for end in ends))


def _header(column: Column | str) -> str:
    return column if isinstance(column, str) else str(column.header)


def _is_aligned_right(column: Column | str) -> bool:
    return isinstance(column, Column) and column.justify == "right"


def number_column(name: str) -> Column:
    """Make a column of numbers, aligned to the right."""
    return Column(name, justify="right", no_wrap=True)


def _labelled(label: str, text: str, style: str) -> Text:
    return Text.assemble((f"{label}:", style), " ", text)


def json_text(value: Any, *, in_ascii: bool = False) -> str:
    """Write a value as JSON: times as ISO 8601 has them, and what JSON has no word for as text."""
    return json.dumps(value, indent=2, default=_as_json, ensure_ascii=in_ascii)


def _as_json(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def write_raw(console: Console, content: bytes) -> None:
    """Write bytes as they are."""
    console.file.flush()
    buffer = getattr(console.file, "buffer", None)
    if buffer is None:
        console.file.write(content.decode(errors="replace"))
    else:
        buffer.write(content)
    console.file.flush()


def _console(file: TextIO) -> Console:
    width = None if file.isatty() else _UNLIMITED_WIDTH
    return Console(file=file, width=width, markup=False, highlight=False, emoji=False)
