"""
What a Windows task writes: to its output, to its errors, and to its console past both.

Its output and errors are pipes, as Fortran programs fail under Wine on a file there ("severe (38):
error during write, unit 6, file CONOUT$").  All is brought to its files as it comes.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import struct
import termios
import tty
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

from runfleet.agent.launch import new_file, open_logs
from runfleet.agent.wine_messages import WineMessages

# Wine draws what fits on its screen, and breaks lines at the edge of it.
_ROWS, _COLUMNS = 25, 4096
_READ_SIZE = 1 << 18
_LONGEST_SEQUENCE = 4096

# ECMA-48: control sequences, strings up to their terminator, and sequences of two characters.
_SEQUENCE = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-OQ-WYZ\\`-~])"
)
_MOVES_RIGHT = re.compile(rb"\x1b\[(\d*)C")


@dataclass(slots=True, eq=False)
class Stream:
    """
    A way from a program to a file.

    Parameters
    ----------
    reader, writer
        The two ends; the program gets the latter.
    file
        What the text is brought to.
    clean
        What is done to the text before.
    is_over
        Whether nobody can write any more.
    """

    reader: int
    writer: int
    file: int
    clean: Callable[[bytes], bytes] = bytes
    is_over: bool = False

    def fileno(self) -> int:
        """What becomes readable when there is text."""
        return self.reader

    def forward(self) -> bool:
        """Bring some of the text to the file; tell whether there was any."""
        try:
            text = os.read(self.reader, _READ_SIZE)
        except BlockingIOError:
            return False
        except OSError:  # nobody has the terminal any more
            text = b""
        self.is_over = not text
        with contextlib.suppress(OSError):  # a full disk costs the text, and nothing else
            _write_all(self.file, self.clean(text))
        return bool(text)


@dataclass(frozen=True, slots=True, eq=False)
class Streams:
    """
    The streams of a task.

    Parameters
    ----------
    output, errors
        Those of its command.
    console
        What it writes past both, and what Wine has to say.
    messages
        Tells the latter apart.
    """

    output: Stream
    errors: Stream
    console: Stream
    messages: WineMessages

    @classmethod
    def open(cls, task_folder: str) -> Streams:
        """
        Begin the files in a task folder.

        A console's text comes to that of the output, what Wine says there to that of the errors.
        """
        with ExitStack() as closing:
            output, errors = open_logs(task_folder, new_file, closing)
            reader, terminal = _open_terminal()
            messages, text = WineMessages(partial(_write_all, errors)), TerminalText()
            console = Stream(reader, terminal, output, lambda one: text.take(messages.take(one)))
            streams = cls(Stream(*os.pipe(), output), Stream(*os.pipe(), errors), console, messages)
            for stream in streams.all():
                os.set_blocking(stream.reader, False)
            closing.pop_all()  # all are open, and `close` closes them
        return streams

    def all(self) -> tuple[Stream, Stream, Stream]:
        """All of them."""
        return self.output, self.errors, self.console

    def hand_over(self) -> None:
        """Leave the writing ends to the program that was started with them."""
        for stream in self.all():
            os.close(stream.writer)

    def close(self) -> None:
        """Bring all of the text to the files."""
        for stream in self.all():
            while stream.forward():
                pass
            os.close(stream.reader)
        os.close(self.output.file)
        os.close(self.errors.file)


@dataclass(slots=True)
class TerminalText:
    """Takes out of a text, as it comes in pieces, what only a terminal understands."""

    _unfinished: bytes = field(default=b"", init=False)

    def take(self, piece: bytes) -> bytes:
        """Give the plain text of another piece; an empty one is the last."""
        text = _MOVES_RIGHT.sub(_blanks, self._unfinished + piece)
        plain = _SEQUENCE.sub(b"", text)
        start = plain.rfind(b"\x1b")
        if not piece or start < 0 or len(plain) - start > _LONGEST_SEQUENCE:
            self._unfinished = b""
            return plain
        self._unfinished = plain[start:]
        return plain[:start]


def _blanks(match: re.Match[bytes]) -> bytes:
    """Wine steps over blanks rather than draw them."""
    return b" " * min(int(match[1] or b"1"), _COLUMNS)


def _open_terminal() -> tuple[int, int]:
    reader, terminal = os.openpty()
    tty.setraw(terminal)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
    return reader, terminal


def _write_all(file: int, text: bytes) -> None:
    view = memoryview(text)
    while view:
        view = view[os.write(file, view) :]
