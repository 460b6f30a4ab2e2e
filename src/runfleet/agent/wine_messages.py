"""
What Wine itself says of a program, told apart from what the program writes to its console.

Windows ends a program that crashes, or that lacks a DLL, with nothing but an exit code.  Wine knows
more: of its messages those that help are put in plain words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

CHANNELS = "-all,err+module,err+virtual"
"""The value of ``WINEDEBUG`` by which Wine says what is understood here."""

STACK_OVERFLOW = -1073741571
"""The exit code of Windows, 0xC00000FD, for programs whose stack overflows."""

_MESSAGE = re.compile(rb"(?:[0-9a-f]{4,8}:err:|wine: (?:Unhandled|Unimplemented|Call from) )[^\n]*")
_OVERFLOW = b":virtual_setup_exception stack overflow "
_SAID = (
    (
        re.compile(
            rb'.*:import_dll Library (.+) \(which is needed by L"(?:.*\\)?(.+)"\) not found'
        ),
        rb"DLL not found: \1, which \2 needs",
    ),
    (re.compile(rb"wine: (Unhandled .+) \(thread \w+\), starting debugger.*"), rb"\1"),
    (
        re.compile(rb"wine: Call from \w+ to unimplemented function (.+)\.(.+), aborting"),
        rb"function not found: \2, in \1",
    ),
    (re.compile(rb".*" + _OVERFLOW + rb".*"), b"Unhandled stack overflow"),
)


@dataclass(slots=True)
class WineMessages:
    """
    Takes Wine's messages out of a text, as it comes in pieces.

    Parameters
    ----------
    tell
        Gets a line for each message that helps.
    overflowed
        Whether the stack of a program overflowed so far that Wine ended it at once, which it tells
        others as an exit code of 0.
    """

    tell: Callable[[bytes], None]
    overflowed: bool = False
    _unfinished: bytes = field(default=b"", init=False)

    def take(self, piece: bytes) -> bytes:
        """Give the program's own text of another piece; an empty one is the last."""
        text, self._unfinished = self._unfinished + piece, b""
        if b":err:" not in text and b"wine: " not in text:
            return text
        return b"".join(self._own(text, is_last=not piece))

    def _own(self, text: bytes, *, is_last: bool) -> Iterator[bytes]:
        end = 0
        for match in _MESSAGE.finditer(text):
            yield text[end : match.start()]
            end = match.end() + 1
            if end > len(text) and not is_last:
                self._unfinished = match[0]
                return
            self._explain(match[0])
        yield text[end:]

    def _explain(self, message: bytes) -> None:
        self.overflowed |= _OVERFLOW in message
        for pattern, words in _SAID:
            if match := pattern.fullmatch(message.rstrip()):
                self.tell(match.expand(words) + b"\r\n")
