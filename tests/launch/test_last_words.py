"""The line of what a program wrote that tells why it failed."""

from __future__ import annotations

import pytest

from runfleet.launch.last_words import error_line, last_line

PYTHON = """
Traceback (most recent call last):
  File "/mnt/wd/model.py", line 3, in <module>
    head = solve(node)
           ~~~~~^^^^^^
ValueError: node 7 has no head
"""

OPEN_MPI = """
error: rank 5 aborts
MPI_ABORT was invoked on rank 5 in communicator MPI_COMM_WORLD with errorcode 3: an abort.
[127.81.20.200:00000] *** MPI_ERRORS_ARE_FATAL (processes in this communicator will now abort,
"abort". This may have caused other processes in the application to be
terminated by signals sent by mpirun.
PMIX ERROR: PMIX_ERR_NOT_FOUND in file gds.c at line 1747
"""

FORTRAN = """
At line 12 of file /build/flow.f90 (unit = 10, file = 'net.inp')
Fortran runtime error: End of file

Error termination. Backtrace:
#0  0x7f3c5c4b8ad0 in ???
#1  0x7f3c5c4b9649 in ???
"""

CPP = """
terminate called after throwing an instance of 'std::runtime_error'
  what():  Courant number 3.2 exceeds 1 in cell 17
"""

C = """
warming up
scscn: curve number 98.0 out of range
"""

FORTRAN_ABORT = """
scscn: curve number 98.0 out of range

Program received signal SIGABRT: Process abort signal.

Backtrace for this error:
#0  0x7f3c5c4b8ad0 in ???
Aborted (core dumped)
"""

OPEN_MPI_ABORT = """
scscn: curve number 98.0 out of range
[vm:15957] *** Process received signal ***
[vm:15957] Signal: Aborted (6)
--------------------------------------------------------------------------
prterun noticed that process rank 1 with PID 0 on node vm exited on
signal 6 (Aborted).
--------------------------------------------------------------------------
"""

MPICH_ABORT = """
=   BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES
YOUR APPLICATION TERMINATED WITH THE EXIT STRING: Aborted (signal 6)
This typically refers to a problem with your application.
"""

IN_A_SCRIPT = "go.sh: line 3:   123 Aborted                 (core dumped) ./model"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (PYTHON, "ValueError: node 7 has no head"),
        (FORTRAN, "Fortran runtime error: End of file"),
        ("cannot open net.inp\nbye", "cannot open net.inp"),
        (OPEN_MPI, "error: rank 5 aborts"),
        ("error: rank 5\n[mpiexec@vm] main (a.c:270): process manager error", "error: rank 5"),
        ("[mpiexec@vm] main (a.c:270): error\nbye", "[mpiexec@vm] main (a.c:270): error"),
        ("step 7\n *** solver diverged at t=0.3\nbye", "*** solver diverged at t=0.3"),
        ("Newton did not converge\n", "Newton did not converge"),
        ("non-convergence in reach 7", "non-convergence in reach 7"),
        ("converged after 7 steps, severely slow", None),
        ("STOP 3", None),
        ("error " + "x" * 400, "error " + "x" * 291 + "..."),
        ("ERROR: tank 5\n\x1b]0;no end\nbye", "ERROR: tank 5"),
        ("\x1b[31mERROR: tank 5\x1b[0m is \x1b]0;title\x07empty\b\n", "ERROR: tank 5 is empty"),
    ],
)
def test_the_line_that_speaks_of_an_error(text: str, line: str | None) -> None:
    """The last of them, whatever the program adds to it."""
    assert error_line(text) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{CPP}Aborted", "what():  Courant number 3.2 exceeds 1 in cell 17"),
        (f"{CPP}Aborted (core dumped)", "what():  Courant number 3.2 exceeds 1 in cell 17"),
        (f"{CPP}{IN_A_SCRIPT}", "what():  Courant number 3.2 exceeds 1 in cell 17"),
        (f"{CPP}timeout: the monitored command dumped core\nAborted", CPP.splitlines()[2].strip()),
        (
            "m: m.c:7: main: Assertion `m<2' failed.\nAborted",
            "m: m.c:7: main: Assertion `m<2' failed.",
        ),
        (f"{C}Aborted", "scscn: curve number 98.0 out of range"),
        (f"{C}{IN_A_SCRIPT}", "scscn: curve number 98.0 out of range"),
        (f"{C}sh: 123 Aborted                 ./model", "scscn: curve number 98.0 out of range"),
        (FORTRAN_ABORT, "scscn: curve number 98.0 out of range"),
        (OPEN_MPI_ABORT, "scscn: curve number 98.0 out of range"),
        ("ERROR: tank 5\nclosing files\nAborted", "ERROR: tank 5"),
        ("ERROR: tank 5\nBus error", "ERROR: tank 5"),
        ("step 12 Aborted: depth 7\nbye", "step 12 Aborted: depth 7"),
        ("cell: 12 Aborted for its depth\nbye", "cell: 12 Aborted for its depth"),
        (f"{FORTRAN}Segmentation fault", "Fortran runtime error: End of file"),
        ("Aborted", None),
        (f"step 7\n{IN_A_SCRIPT.replace('Aborted', 'Killed')}", None),
        (MPICH_ABORT, None),
    ],
)
def test_what_is_told_of_a_program_that_a_signal_has_ended(text: str, line: str | None) -> None:
    """What it said itself: the name of the signal is the same whatever went wrong."""
    assert error_line(text) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("warming up\nSTOP 3\n\n-----\n", "STOP 3"),
        ("\n  \n", None),
        ("Aborted\n", "Aborted"),
        ("Segmentation fault (core dumped)\n", "Segmentation fault (core dumped)"),
        ("reading a.dat\nSegmentation fault\n", "Segmentation fault; before that: reading a.dat"),
        ("step 7\nKilled\n", "Killed; before that: step 7"),
        (f"{IN_A_SCRIPT}\nAborted\n", "Aborted"),
    ],
)
def test_the_last_line_that_says_anything(text: str, line: str | None) -> None:
    """Rules and blank lines do not."""
    assert last_line(text) == line
