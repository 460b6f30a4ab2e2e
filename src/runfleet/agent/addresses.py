"""Where the kernel puts the heap of a new program: at random, unless told otherwise."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

_ADDR_NO_RANDOMIZE = 0x0040000
_ONLY_TELL = 0xFFFFFFFF


@contextmanager
def fixed_addresses() -> Iterator[None]:
    """
    Let the programs that are started meanwhile, and theirs, have their heap at a fixed address.

    Debian's `wine64` is linked at 0x7d000000, and newer kernels put a heap up to 1 GB behind its
    program.  Once in some thousand starts that is where Windows programs expect a page of the
    system, 0x7ffe0000, and Wine ends without a word.  Where the kernel does not allow it (some
    containers), it stays as rare.
    """
    libc = ctypes.CDLL(None)
    before = libc.personality(ctypes.c_ulong(_ONLY_TELL))
    libc.personality(ctypes.c_ulong(before | _ADDR_NO_RANDOMIZE))
    try:
        yield
    finally:
        libc.personality(ctypes.c_ulong(before))
