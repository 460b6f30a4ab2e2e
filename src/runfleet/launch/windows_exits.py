"""What exit codes mean by which Windows itself has ended a program."""

from __future__ import annotations

import re

# NTSTATUS values that end programs ([MS-ERREF], section 2.3.1), and what the model's author would
# call them.
_MEANINGS = {
    0x80000003: "stopped at a breakpoint",
    0x80000100: "a DLL lacks a function",  # of Wine; Windows looks at once, and tells 0xC0000139
    0xC0000005: "access violation",
    0xC0000006: "a file could not be read that it has in memory",
    0xC0000017: "out of memory",
    0xC000001D: "illegal instruction: the processor does not know it",
    0xC0000025: "it could not go on after an exception",
    0xC000007B: "the program or one of its DLLs is damaged, or of 32 and 64 bit mixed",
    0xC000008C: "array bounds exceeded",
    0xC000008E: "floating-point division by zero",
    0xC0000090: "invalid floating-point operation",
    0xC0000091: "floating-point overflow",
    0xC0000094: "integer division by zero",
    0xC0000095: "integer overflow",
    0xC00000FD: "stack overflow",
    0xC0000135: "a DLL is missing",
    0xC0000138: "a DLL lacks a function",
    0xC0000139: "a DLL lacks a function",
    0xC000013A: "ended by Ctrl-C",
    0xC0000142: "a DLL could not be initialised",
    0xC00002B4: "floating-point fault",
    0xC0000374: "the heap is corrupt: it wrote past the end of what it had allocated",
    0xC0000409: "it found its stack overwritten, or ended itself at once",
    0xC06D007E: "a DLL is missing",
    0xC06D007F: "a DLL lacks a function",
    0xE06D7363: "a C++ exception that nobody caught",
    0xE0434352: "a .NET exception that nobody caught",
}
_NOT_FOUND = re.compile(r"DLL not found: (\S+), which (.+) needs")
_BITS = 32


def meaning_of(exit_code: int) -> str | None:
    """Say what an exit code of Windows means: `access violation (0xC0000005)`; None if nothing."""
    status = exit_code % (1 << _BITS)
    meaning = _MEANINGS.get(status)
    return meaning and f"{meaning} (0x{status:08X})"


def missing_library(stderr: str) -> str | None:
    """Say which DLL a program lacks, and where to put it, if Wine told so."""
    match = _NOT_FOUND.search(stderr)
    if match is None:
        return None
    # Imported late: most studies need none of it, and begin the sooner.
    from runfleet.inspection.known_libraries import advice_on
    from runfleet.inspection.program import System

    origin = advice_on(match[1], System.WINDOWS)
    place = f"put it beside `{match[2]}`, in its package or among the inputs"
    return f"`{match[1]}`: {place}{origin and f'; {origin}'}"
