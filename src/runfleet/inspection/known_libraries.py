"""Libraries that every node has, and where people get the others from."""

from __future__ import annotations

import re
from dataclasses import dataclass

from runfleet.inspection.program import System

# What comes with Windows Server and with Wine, and is linked with by programs without windows, and
# by those with windows for their dialogs.
_WINDOWS = re.compile(
    r"""
    ( advapi32 | avicap32 | avifil32 | avrt | bcrypt | bcryptprimitives | cabinet | cfgmgr32
    | combase | comctl32 | comdlg32 | credui | crypt32 | cryptui | d2d1 | d3d9 | d3d11 | dbgeng
    | dbghelp | ddraw | dinput8 | dnsapi | dsound | dwmapi | dwrite | dxgi | fltlib | gdi32
    | gdiplus | glu32 | hid | imagehlp | imm32 | iphlpapi | kernel32 | kernelbase | ktmw32 | lz32
    | mf | mfplat | mlang | mpr | msacm32 | mscms | mscoree | msi | msimg32 | mswsock | msvcrt
    | msxml3 | msxml6 | ncrypt | netapi32 | normaliz | ntdll | ntdsapi | odbc32 | odbccp32 | ole32
    | oleacc | oleaut32 | oledlg | olepro32 | opengl32 | pdh | powrprof | propsys | psapi
    | rasapi32 | rpcrt4 | rstrtmgr | secur32 | setupapi | shcore | shell32 | shfolder | shlwapi
    | snmpapi | sspicli | tapi32 | ucrtbase | urlmon | user32 | userenv | usp10 | uxtheme | version
    | wer | wevtapi | winhttp | wininet | winmm | winscard | wintrust | wldap32 | ws2_32 | wsock32
    | wtsapi32 | xmllite | (api|ext)-ms-[\w-]+ ) \.dll | winspool\.drv
    """,
    re.VERBOSE,
)
_LINUX = re.compile(
    r"""
    ld-linux[\w-]*\.so\.\d | linux-vdso\.so\.1
    | lib( c | m | pthread | dl | rt | util | resolv | nsl | anl | crypt | mvec ) \.so\.\d+
    | lib( gcc_s | stdc\+\+ | z | bz2 | lzma | expat | uuid | tinfo | ssl | crypto ) \.so\.\d+
    """,
    re.VERBOSE,
)
_VISUAL_RUNTIME = re.compile(
    r"(vcruntime\d+(_\d)?|msvcp\d+(_\w+)?|msvcr\d+|concrt\d+|vcomp\d+)\.dll"
)


@dataclass(frozen=True)
class _Origin:
    """Where libraries come from whose names match a pattern; the advice uses its named groups."""

    pattern: str
    advice: str


_ORIGINS = {
    System.WINDOWS: (
        _Origin(
            r"(msvc[rp]|vcruntime|ucrtbase)\d*(_\d)?d\.dll",
            "it belongs to debug builds: build the program in Release mode",
        ),
        _Origin(
            r"lib(gfortran|gcc_s\w*|quadmath|stdc\+\+|winpthread|gomp|ssp|atomic)[\w-]*\.dll",
            "it comes with MinGW: look in the `bin` folder of the compiler, or link the program "
            "with `-static`",
        ),
        _Origin(
            r"(lib(ifcore|ifport|mm|imalloc|iomp5|irng|intlc)|svml_disp|mkl_|impi)[\w.]*\.dll",
            "it belongs to the Intel compilers: look in their `redist` folder, or build the "
            "program with `/libs:static`",
        ),
        _Origin(r"(dforrt|dformd|msvcrt40)\w*\.dll", "it belongs to Compaq Visual Fortran"),
        _Origin(r"(salflibc|clearwin)\w*\.dll", "it belongs to Silverfrost FTN95"),
        _Origin(r"(msmpi|mpich2\w*)\.dll", "it belongs to MPI: a start task can install MS-MPI"),
        _Origin(r"cyg[\w+-]+\.dll", "it belongs to Cygwin: look in `C:\\cygwin64\\bin`"),
        _Origin(r"python\d+\.dll", "it belongs to Python: pack the program with PyInstaller"),
        _Origin(r"(mfc|atl)\d+\w*\.dll", "it belongs to the Visual C++ Redistributable, with MFC"),
        _Origin(r"(hdf|netcdf)\w*\.dll", "it belongs to HDF5 and netCDF: look in their `bin`"),
    ),
    System.LINUX: (
        _Origin(
            r"lib(?P<name>gfortran|quadmath|gomp|atomic|openblas|blas|lapack)\.so\.(?P<version>\d+)",
            "on Ubuntu it is in the package `lib{name}{version}`",
        ),
        _Origin(r"libnetcdff?\.so\.\d+", "on Ubuntu `libnetcdf-dev` and `libnetcdff-dev` bring it"),
        _Origin(r"libhdf5\w*\.so\.\d+", "on Ubuntu `libhdf5-dev` brings it"),
        _Origin(
            r"lib(ifcore|ifport|imf|svml|intlc|irc|iomp5|irng|mkl_)\w*\.so(\.\d+)?",
            "it comes with the Intel compilers: link the program with `-static-intel`",
        ),
        _Origin(r"lib(mpi|open-rte|open-pal)\w*\.so\.\d+", "it belongs to MPI"),
        _Origin(r"libpython3[\d.]*\.so[\d.]*", "it belongs to Python"),
    ),
}


def is_of_system(name: str, system: System) -> bool:
    """Tell whether every node of a system has a library, whatever is installed on it."""
    if system is System.LINUX:
        return _LINUX.fullmatch(name) is not None
    return _WINDOWS.fullmatch(name.lower()) is not None


def is_visual_runtime(name: str) -> bool:
    """Tell whether a library is a part of Visual C++ that Wine brings and Windows may lack."""
    return _VISUAL_RUNTIME.fullmatch(name.lower()) is not None


def advice_on(name: str, system: System) -> str:
    """Say where a library comes from; empty if that is not known."""
    asked = name.lower() if system is System.WINDOWS else name
    for origin in _ORIGINS[system]:
        if match := re.fullmatch(origin.pattern, asked):
            return origin.advice.format_map(match.groupdict())
    return ""
