"""What Wine says of programs, in plain words."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.agent.wine_messages import WineMessages

MISSING = (
    b'00e0:err:module:import_dll Library rain.dll (which is needed by L"Z:\\\\a b\\\\my.exe") '
    b"not found\n"
    b'00e0:err:module:LdrInitializeThunk Importing dlls for L"Z:\\\\a b\\\\my.exe" failed, '
    b"status c0000135\n"
)
CRASH = b"Unhandled page fault on write access to 0000000000000000 at address 0000000140001D88"
CRASHED = b"wine: " + CRASH + b" (thread 0118), starting debugger...\n"
UNKNOWN = b"wine: Call from 000000017002D3F8 to unimplemented function rain.dll.snow, aborting\n"
OVERFLOW = (
    b"01e8:err:virtual:virtual_setup_exception stack overflow 2000 bytes addr 0x170030dd0 stack "
    b"0x20830 (0x20000-0x21000-0x220000)\n"
)


def taken(text: bytes, cuts: list[int]) -> tuple[bytes, list[bytes]]:
    """What is left of a text that comes in pieces, and what is told."""
    told: list[bytes] = []
    messages = WineMessages(told.append)
    pieces = [text[start:end] for start, end in pairwise([0, *sorted(cuts), len(text)])]
    own = [messages.take(piece) for piece in pieces if piece] + [messages.take(b"")]
    return b"".join(own), told


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (MISSING, b"DLL not found: rain.dll, which my.exe needs\r\n"),
        (CRASHED, CRASH + b"\r\n"),
        (UNKNOWN, b"function not found: snow, in rain.dll\r\n"),
        (OVERFLOW, b"Unhandled stack overflow\r\n"),
    ],
)
def test_a_message_is_told_apart_and_explained(message, words):
    assert taken(b"one\r\ntwo" + message + b"three", []) == (b"one\r\ntwothree", [words])


@given(st.lists(st.integers(len(b"one\r\nwine: Unhandled "), len(CRASHED)), max_size=5))
def test_a_message_may_come_in_pieces(cuts):
    own, told = taken(b"one\r\n" + CRASHED + b"two\r\n", cuts)
    assert (own, len(told)) == (b"one\r\ntwo\r\n", 1)


@given(st.lists(st.binary(max_size=20)))
def test_other_text_is_left_as_it_is(pieces):
    messages = WineMessages(print)
    assert b"".join(map(messages.take, [*pieces, b""])) == b"".join(pieces)


@pytest.mark.parametrize(
    ("text", "exit_code"),
    [
        (CRASHED, None),
        (OVERFLOW, -1073741571),
        (b"011c:err:module:load_wow64_ntdll failed to load x\n" + OVERFLOW, -1073741701),
    ],
)
def test_an_exit_code_is_known_where_wine_tells_0(text, exit_code):
    messages = WineMessages(lambda line: None)
    messages.take(text)
    assert messages.exit_code == exit_code
