"""The line of what a program wrote that tells why it failed."""

from __future__ import annotations

import pytest

from runfleet.launch.last_words import error_line, last_line, reason

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
        ("step 7\nUser defined signal 1\n", "User defined signal 1; before that: step 7"),
        (f"{IN_A_SCRIPT}\nAborted\n", "Aborted"),
    ],
)
def test_the_last_line_that_says_anything(text: str, line: str | None) -> None:
    """Rules and blank lines do not."""
    assert last_line(text) == line


FRAMES = """
Could not print backtrace: executable file is not COFF
#0  0x40028a4a
#1  0x40021971
"""

MINGW = f"""
At line 20 of file cr.f90 (unit = 7)
Fortran runtime error: Cannot open file 'missing.dat': No such file or directory

Error termination. Backtrace:
{FRAMES}"""

MINGW_ABORT = f"""
 CELL (12,5) WENT DRY

Program aborted. Backtrace:
{FRAMES}"""

MINGW_CRASH = """
Program received signal SIGFPE: Floating-point exception - erroneous arithmetic operation.

Backtrace for this error:
#0  0x40028a5a
#1  0x40020d93
"""

GFORTRAN_ABORT = """
 CELL (12,5) WENT DRY

Program aborted. Backtrace:
#0  0x402fa2 in ???
#3  0x40213d in cr
	at /home/user/error flow/cr.f90:23
#4  0x402592 in main
	at /home/user/error flow/cr.f90:11
Aborted
"""

GFORTRAN_DWARF = """
At line 292 of file findseq.f
Fortran runtime error: Index '0' of dimension 1 of array 'clink' below lower bound of 1

Error termination. Backtrace:

Could not print backtrace: unrecognized DWARF version in .debug_info at 6

Could not print backtrace: DWARF underflow in .debug_info at 10
#0 0x831b34 in ???
"""

GFORTRAN_STOP = """
Note: The following floating-point exceptions are signalling: IEEE_INVALID_FLAG IEEE_DENORMAL
STOP 4
"""

IFORT = """
forrtl: severe (29): file not found, unit 10, file /tmp/x/INPUT.DAT
Image              PC                Routine            Line        Source
libifcoremd.dll    00007FFB9C0A2F18  Unknown               Unknown  Unknown
model.exe          00007FF6A3C41F1B  ERRORS_mp_FAIL             12  missing.f90
model              000000000040A1B2  error_mod_mp_fail         120  error_mod.f90

Stack trace terminated abnormally.
"""

IFORT_NO_CATALOGUE = """
forrtl: info: Fortran error message number is 24.
forrtl: warning: Could not open message catalog: ifcore_msg.cat.
forrtl: info: Check environment variable NLSPATH and protection of /usr/lib/ifcore_msg.cat.
Image              PC        Routine            Line        Source
m.exe              0040A1B2  Unknown               Unknown  Unknown
"""

COMPAQ = """
forrtl: severe (24): end-of-file during read, unit 5, file CONIN$
Image              PC        Routine            Line        Source
DFORRT.dll         1000A1B2  Unknown               Unknown  Unknown
ERRMODEL.EXE       00401F1B  Unknown               Unknown  Unknown

Incrementally linked image--PC correlation disabled.
"""

NAG = """
Runtime Error: checkf10.f, line 31: Unit 20 is not connected on OPEN with STATUS='OLD'
Program terminated by fatal I/O error
Aborted (core dumped)
"""

F2C = """
open: No such file or directory
apparent state: unit 10 named missing error.dat
last format: (' ERROR IN CELL ',I5)
lately reading sequential formatted external IO
Aborted
"""

SUN = """
sue: [1003] unformatted io not allowed
logical unit 6, named 'stdout error'
lately: writing sequential unformatted external IO
"""

LAHEY = """
jwe0022i-s line 4699 No such file or directory (open, errno=2, unit=18).
 error occurs at MAIN__ line 4699 loc 004013a2 offset 000000a2
 MAIN__       at loc 00401300 called from o.s.
 taken to (standard) corrective action, execution continuing.
 error summary (Fortran)
 error number  error level  error count
   jwe0022i         s           1
 total error count = 1
"""

PORTLAND = """
PGFIO-F-209/OPEN/unit=10/'OLD' specified for file which does not exist.
 File name = missing.dat
 In source file error.f90, at line number 3
"""

PORTLAND_STOP = "Warning: ieee_invalid is signaling\nFORTRAN STOP\n"

SILVERFROST = """
Runtime error from program:c:\\model\\flow.exe
Run-time Error
*** Error 128, Cannot open existing file - filename not found

 MAIN - in file flow.for at line 3 [+0062]

eax=00000000   ebx=00403030   ecx=0360fd70
"""

MICROSOFT = """
run-time error F6416: OPEN(fort.7)
- access denied

Stop - Program terminated.
"""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            MINGW,
            "Fortran runtime error: Cannot open file 'missing.dat': No such file or directory",
        ),
        (f"ERROR STOP NO HEAD\n\nError termination. Backtrace:\n{FRAMES}", "ERROR STOP NO HEAD"),
        (MINGW_CRASH, MINGW_CRASH.splitlines()[1]),
        (MINGW_ABORT, "CELL (12,5) WENT DRY"),
        (GFORTRAN_ABORT, "CELL (12,5) WENT DRY"),
        (GFORTRAN_DWARF, GFORTRAN_DWARF.splitlines()[2]),
        (IFORT, "forrtl: severe (29): file not found, unit 10, file /tmp/x/INPUT.DAT"),
        (IFORT_NO_CATALOGUE, "forrtl: info: Fortran error message number is 24."),
        (COMPAQ, "forrtl: severe (24): end-of-file during read, unit 5, file CONIN$"),
        (NAG, NAG.splitlines()[1]),
        (F2C, "open: No such file or directory"),
        (SUN, "sue: [1003] unformatted io not allowed"),
        (LAHEY, "jwe0022i-s line 4699 No such file or directory (open, errno=2, unit=18)."),
        (PORTLAND, PORTLAND.splitlines()[1]),
        (SILVERFROST, "*** Error 128, Cannot open existing file - filename not found"),
        (MICROSOFT, "run-time error F6416: OPEN(fort.7) - access denied"),
        (
            "run-time error M6201: MATH\r\n- sqrt: DOMAIN error",
            "run-time error M6201: MATH - sqrt: DOMAIN error",
        ),
    ],
)
def test_what_run_times_of_fortran_compilers_say(text: str, line: str) -> None:
    """What went wrong, and not what they list behind it."""
    assert reason(text, "") == line
    assert reason("", text) == line
    assert reason(text, "*** NO CONVERGENCE: ERROR 5\n") == line


ROUTINE = """\
 INPUT READ: 0 ERRORS, 0 WARNINGS
 TIME STEP 12: MASS BALANCE ERROR =   0.00 %
"""


@pytest.mark.parametrize(
    "line",
    [
        "TIME STEP 12: MASS BALANCE ERROR =   0.00 %",
        "MASS BALANCE ERROR (IN - OUT) = -1.5D-03 M3",
        "Flow Routing Continuity Error (%) .....        -0.021",
        "PERCENT DISCREPANCY = 0.00     ERROR = 3.2E-05   ITER = 5",
        "Relative error: 0.35 %",
        "RELATIVE ERROR 0.0012",
        "RMS ERROR  0.35",
        "ITER  RMS ERROR  MAX CHANGE",
        "ERROR TOLERANCE = 0.001",
        "error criterion met after 7 iterations",
        "Number of errors: 0",
        "Errors found ....... 0",
        "INPUT READ: 0 ERRORS, 0 WARNINGS",
        "0 error(s), 2 warning(s)",
        "No errors were found",
        "No fatal errors.",
        "read without error",
        "0 failed, 5 passed",
        "no missing values",
        "ERRORS:   0   WARNINGS:  2",
    ],
)
def test_a_line_that_counts_or_measures_errors_is_routine(line: str) -> None:
    assert error_line(f"{line}\n") is None
    assert reason("STOP 3\n", f"{line}\n") == "STOP 3"


@pytest.mark.parametrize(
    "line",
    [
        "ERROR = 5",
        "error: 3.5 is no conductivity",
        "ERROR 12",
        "ERROR IN CELL 0",
        "node 0 error: no head",
        "errors: 3",
        "10 errors",
        "120 ERRORS, 0 WARNINGS",
        "FATAL ERROR: RMS ERROR = 3.5 % EXCEEDS ERROR TOLERANCE",
        "0 errors read, file missing.dat not found",
        "MASS BALANCE ERROR TOO LARGE",
        "MASS BALANCE ERROR = 85.00 % EXCEEDS LIMIT",
        "error tolerance not reached after 100 iterations",
        "RUN NOT COMPLETED: HEAD ABOVE SURFACE",
        "There is no error file: cannot write err.log",
    ],
)
def test_other_lines_that_count_errors_tell(line: str) -> None:
    assert error_line(f"{ROUTINE}{line}\n{ROUTINE}") == line


OPEN_MPI_STOP = """
 CELL (12,5) WENT DRY
STOP 3
--------------------------------------------------------------------------
Primary job  terminated normally, but 1 process returned
a non-zero exit code. Per user-direction, the job has been aborted.
--------------------------------------------------------------------------
--------------------------------------------------------------------------
mpirun detected that one or more processes exited with non-zero status, thus causing
the job to be terminated. The first process to do so was:

  Process name: [[6174,1],0]
  Exit code:    3
--------------------------------------------------------------------------
"""


@pytest.mark.parametrize(
    ("stderr", "stdout", "line"),
    [
        (OPEN_MPI_STOP, "ERROR: TANK 5\n", "ERROR: TANK 5"),
        (OPEN_MPI_STOP, "step 3\n", "STOP 3; before that: CELL (12,5) WENT DRY"),
        ("STOP 3", ROUTINE, "STOP 3"),
        (" CELL (12,5) WENT DRY", ROUTINE, "CELL (12,5) WENT DRY"),
        (
            "STOP 4",
            f"{ROUTINE} *** CELL (12,5) WENT DRY - RUN STOPPED",
            "*** CELL (12,5) WENT DRY - RUN STOPPED",
        ),
        (
            "",
            f"{ROUTINE} RUN NOT COMPLETED: HEAD ABOVE SURFACE\n Number of errors: 0",
            "RUN NOT COMPLETED: HEAD ABOVE SURFACE",
        ),
        (
            "",
            "\r step 9\r step 10\r\n*** STOPPED: area too large\r\n\x1a",
            "*** STOPPED: area too large",
        ),
        (
            "",
            "step 10\r\n\x07Program halted at node 12\r\nPress any key to continue . . .",
            "Program halted at node 12",
        ),
        ("", "step 1\nPUMP 3 STOPPED\n" + "step\n" * 9, None),
        ("", "step 1\nPROGRAM TERMINATED NORMALLY\n", None),
        (
            "",
            "CELL (12,5) WENT DRY\n RUN STOPPED",
            "RUN STOPPED; before that: CELL (12,5) WENT DRY",
        ),
        ("STOP 4", "CELL DRY\nPROGRAM STOPPED", "PROGRAM STOPPED; before that: CELL DRY"),
        ("", "RUN STOPPED", "RUN STOPPED"),
        ("", "*** ERROR IN CELL 3\n*** RUN ABORTED\n", "*** ERROR IN CELL 3"),
        ("", "step 3\n*** RUN ABORTED\n", "*** RUN ABORTED; before that: step 3"),
        (GFORTRAN_STOP, "ERROR: TANK 5\n", "ERROR: TANK 5"),
        (GFORTRAN_STOP, "step 5\n", "STOP 4"),
        (PORTLAND_STOP, "ERROR: TANK 5\n", "ERROR: TANK 5"),
        ("reading a.dat\n", f"step 3\n*** ERROR: TANK 5\n{ROUTINE}", "*** ERROR: TANK 5"),
        ("CELL WENT DRY\n", "TIME STEP HALVED: SOLVER FAILED\nstep 3\n", "CELL WENT DRY"),
        ("run:  80%|####  | 4/5 [00:03]\n", "step 3 failed\n", "step 3 failed"),
        ("2026-11-23 09:18:40 INFO step 3\n", "step 3 failed\n", "step 3 failed"),
        ("warning: step 3\n", "step 3 failed\n", "step 3 failed"),
        ("STOP 3\n", "TIME STEP HALVED: SOLVER FAILED\n", "TIME STEP HALVED: SOLVER FAILED"),
        (
            "CELL WENT DRY\n",
            "error: no b.dat, a default is taken\n" + "step\n" * 9,
            "CELL WENT DRY",
        ),
        ("step 1\nKilled\n", "ERROR: TANK 5\n", "ERROR: TANK 5"),
        ("Terminated\n", "step 1\n", "Terminated"),
        ("", "step 1\n", None),
    ],
)
def test_what_a_program_says_as_it_stops(stderr: str, stdout: str, line: str | None) -> None:
    """Its last words, rather than a routine line with a word for errors in it."""
    assert reason(stderr, stdout) == line


@pytest.mark.parametrize("text", ["error = " + "1" * 60_000, "error " + "0" * 60_000 + " x"])
def test_a_line_of_digits_is_read_at_once(text: str) -> None:
    """As of a program that dumps its memory."""
    told = reason("", text)
    assert told is not None
    assert told.startswith("error ")


CALLED_ABORT = """\
--------------------------------------------------------------------------
MPI_ABORT was invoked on rank 1 in communicator MPI_COMM_WORLD
  Proc: [[37887,1],1]
  Errorcode: 5

NOTE: invoking MPI_ABORT causes Open MPI to kill all MPI processes.
You may or may not see output from other processes, depending on
exactly when Open MPI kills them.
--------------------------------------------------------------------------
--------------------------------------------------------------------------
prterun has exited due to process rank 1 with PID 0 on node vm calling
"abort". This may have caused other processes in the application to be
terminated by signals sent by prterun (as reported here).
--------------------------------------------------------------------------
"""
OF_VERSION_4 = """\
MPI_ABORT was invoked on rank 1 in communicator MPI_COMM_WORLD
with errorcode 5.

NOTE: invoking MPI_ABORT causes Open MPI to kill all MPI processes.
"""


@pytest.mark.parametrize("called", [CALLED_ABORT, OF_VERSION_4])
@pytest.mark.parametrize(
    ("stderr", "stdout", "line"),
    [
        ("aborting\n", "rank 0\n", "aborting"),
        ("tank 5 is dry\n", "rank 0\n", "tank 5 is dry"),
        ("ERROR: tank 5 is dry\n", "rank 0\n", "ERROR: tank 5 is dry"),
        ("", "ERROR: tank 5 is dry\n", "ERROR: tank 5 is dry"),
        ("", "rank 0\n", "MPI_ABORT was invoked on rank 1 in communicator MPI_COMM_WORLD"),
    ],
)
def test_what_open_mpi_says_of_an_abort_is_not_the_reason_for_it(
    called: str, stderr: str, stdout: str, line: str
) -> None:
    """The model calls `MPI_Abort` itself, and has said why if anybody did."""
    assert reason(f"{stderr}{called}", stdout) == line
