"""How much of a log is read."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import cast

import pytest

from runfleet.cli.logs import Reader
from runfleet.cli.printer import Printer
from runfleet.launch import LogStream, Submission
from runfleet.launch.run_files import LogEnd


@dataclass
class Written:
    """What a run has written, and how much of it was read."""

    content: bytes
    read: int = 0

    def log_end(self, run: str, length: int, stream: LogStream) -> LogEnd:
        end = self.content[-length:]
        self.read += len(end)
        return LogEnd(end, len(self.content) - len(end))


@pytest.mark.parametrize("last", [b"1999999 and so", b"1999999\n", b"10 %\r20 %\r"])
def test_the_last_lines_need_no_more_than_the_end(last: bytes):
    """Also while the last line is being written, which has no line end yet."""
    written = Written(b"".join(b"%d\n" % number for number in range(1_999_999)) + last)
    out = io.StringIO()
    printer = Printer(out, io.StringIO())
    reader = Reader(printer, cast("Submission", written), "run-1", "", lines=2, whole=False)
    reader.show(LogStream.STDOUT, printer.out, follow=False)
    lines = (b"1999998\n" + last).decode().splitlines(keepends=True)
    assert out.getvalue() == "".join(lines[-2:])
    assert written.read < 1_000_000


def test_a_long_line_is_read_to_its_beginning():
    written = Written(b"first\n" + b"x" * 1_000_000)
    out = io.StringIO()
    printer = Printer(out, io.StringIO())
    reader = Reader(printer, cast("Submission", written), "run-1", "", lines=1, whole=False)
    reader.show(LogStream.STDOUT, printer.out, follow=False)
    assert out.getvalue() == "x" * 1_000_000
