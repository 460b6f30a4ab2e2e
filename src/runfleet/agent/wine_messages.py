"""
What Wine itself says of a program, told apart from what the program writes to its console.

Windows ends a program that crashes, or that lacks a DLL, with nothing but an exit code.  Wine knows
more: of its messages those that help are put in plain words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

CHANNELS = "-all,err+module,err+virtual,err+mscoree"
"""The value of ``WINEDEBUG`` by which Wine says what is understood here."""

STACK_OVERFLOW = -1073741571
BAD_IMAGE = -1073741701
"""Exit codes of Windows, 0xC00000FD and 0xC000007B."""

_MESSAGE = re.compile(rb"(?:[0-9a-f]{4,8}:err:|wine: (?:Unhandled|Unimplemented|Call from) )[^\n]*")


@dataclass(frozen=True)
class _Saying:
    """
    A message of Wine, and the words to put it in.

    Parameters
    ----------
    exit_code
        That of Windows for a program that Wine ends at once, telling others that it was 0.
    """

    pattern: re.Pattern[bytes]
    words: bytes
    exit_code: int | None = None


_SAYINGS = (
    _Saying(
        re.compile(
            rb'.*:import_dll Library (.+) \(which is needed by L"(?:.*\\)?(.+)"\) not found'
        ),
        rb"DLL not found: \1, which \2 needs",
    ),
    _Saying(re.compile(rb"wine: (Unhandled .+) \(thread \w+\), starting debugger.*"), rb"\1"),
    _Saying(
        re.compile(rb"wine: Call from \w+ to unimplemented function (.+)\.(.+), aborting"),
        rb"function not found: \2, in \1",
    ),
    _Saying(
        re.compile(rb".*:load_wow64_ntdll failed .*"),
        b"cannot run programs of 32 bit without the Debian package `wine32`",
        BAD_IMAGE,
    ),
    _Saying(
        re.compile(rb".*:virtual_setup_exception stack overflow .*"),
        b"Unhandled stack overflow",
        STACK_OVERFLOW,
    ),
    _Saying(
        re.compile(rb".*:mscoree:.* Wine Mono is not installed.*"),
        b"cannot run programs of .NET without Wine's Mono",
    ),
)


@dataclass(slots=True)
class WineMessages:
    """
    Takes Wine's messages out of a text, as it comes in pieces.

    Parameters
    ----------
    tell
        Gets a line for each message that helps.
    exit_code
        That of Windows, if Wine ended a program at once, which it tells others as an exit code
        of 0; else None.
    """

    tell: Callable[[bytes], None]
    exit_code: int | None = None
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
        if self.exit_code is not None:
            return  # what comes of it, and is misleading
        for saying in _SAYINGS:
            if match := saying.pattern.fullmatch(message.rstrip()):
                self.tell(match.expand(saying.words) + b"\r\n")
                self.exit_code = saying.exit_code
