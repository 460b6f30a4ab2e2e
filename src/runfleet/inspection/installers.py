"""Programs of Windows that bring other programs to a machine, rather than compute something."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# What follows the program itself in the file, where it begins so.
_ARCHIVES = {
    b"\xef\xbe\xad\xdeNullsoftInst": "NSIS",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b";!@Install@!": "7-Zip",
    b"Rar!\x1a\x07": "WinRAR",
}
_LOOKED_AT = 64
_TEXTS = ("FileDescription", "ProductName", "InternalName", "Comments")
_WORDS = re.compile(r"(?i)Inno Setup|InstallShield|\b(setup|installer|self-extract\w*)\b")


def installer_of(file: Any, texts: Mapping[str, str]) -> str:
    """
    Name what makes an installer of a program, as `NSIS`.

    Parameters
    ----------
    file
        The program, read by pefile.
    texts
        Its version information.

    Returns
    -------
    name
        Empty if it is no installer.
    """
    start = file.get_overlay_data_start_offset()
    if start is not None:
        head = bytes(file.__data__[start : start + _LOOKED_AT])
        for mark, name in _ARCHIVES.items():
            if mark in head:
                return name
    words = filter(None, (_WORDS.search(texts.get(key, "")) for key in _TEXTS))
    return next((match[0] for match in words), "")
