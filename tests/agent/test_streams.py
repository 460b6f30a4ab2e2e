"""What Windows tasks write: to files, without what only a terminal understands."""

from __future__ import annotations

import os
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from runfleet.agent.streams import Streams, TerminalText

# As Wine's console draws: it hides its cursor, clears ends of lines, and steps over blanks.
DRAWN = b"\x1b[?25lone\x1b[K\r\n\x1b[?25h\x1b]0;a title\x07two\x1b[3Cthree\x1b(B\x1b7 \xc3\xa4\r\n"
PLAIN = b"one\r\ntwo   three \xc3\xa4\r\n"


@given(st.lists(st.integers(0, len(DRAWN))))
def test_a_terminals_text_becomes_plain_wherever_it_is_cut(cuts):
    places = [0, *sorted(cuts), len(DRAWN)]
    pieces = [DRAWN[start:end] for start, end in pairwise(places)]
    text = TerminalText()
    assert b"".join([*(text.take(piece) for piece in pieces if piece), text.take(b"")]) == PLAIN


@given(st.lists(st.binary(max_size=20)))
def test_any_bytes_are_taken(pieces):
    """Text without an escape is left as it is; the last piece leaves nothing behind."""
    text = TerminalText()
    got = b"".join([*(text.take(piece) for piece in pieces if piece), text.take(b"")])
    if b"\x1b" not in b"".join(pieces):
        assert got == b"".join(pieces)


def test_output_errors_and_console_come_to_their_files(tmp_path):
    """The first two unharmed."""
    (tmp_path / "stdout.txt").write_text("of an earlier attempt")
    streams = Streams.open(str(tmp_path))
    os.write(streams.output.writer, DRAWN)
    os.write(streams.errors.writer, b"problem\x1b[1m\n")
    assert streams.output.forward()
    os.write(streams.console.writer, DRAWN)
    streams.hand_over()
    streams.close()
    assert (tmp_path / "stdout.txt").read_bytes() == DRAWN + PLAIN
    assert (tmp_path / "stderr.txt").read_bytes() == b"problem\x1b[1m\n"
