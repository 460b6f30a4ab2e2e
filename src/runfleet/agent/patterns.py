"""Patterns of output files: which files they match, and under which names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from runfleet.agent.names_on_disk import as_on_disk

_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
_PIECE = re.compile(r"\[!?+.[^\]]*\]|\*+|.", re.DOTALL)
_SET_ITEM = re.compile(r"(.)-(.)|(.)", re.DOTALL)
_ANY_CHARACTER = "[^/]"
_ANY_FOLDER = r"(?:(?!\.)[^/]+/)"


@dataclass(frozen=True, slots=True)
class Match:
    """
    A matched file.

    Parameters
    ----------
    path
        Where it is.
    relative
        Its path below the fixed folder of the pattern.
    """

    path: str
    relative: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """
    A parsed file pattern.

    Parameters
    ----------
    base
        Its leading folders without wildcards, as written; relative to the working directory.
    name
        Without wildcards: the file's path below `base`.
    regex
        With wildcards: matches a file's path below `base`, slashes between the names.
    depth
        How many names such a path has; None where ``**`` allows any number.
    ignores_case
        Whether `name` is that of a file in any case.
    """

    base: str
    name: str = ""
    regex: re.Pattern[str] | None = None
    depth: int | None = 1
    ignores_case: bool = False

    def find(self, folder: str) -> Iterator[Match]:
        """
        Find the files that match, sorted folder by folder; links to files count as files.

        Parameters
        ----------
        folder
            The fixed folder, as an absolute path.
        """
        if self.regex is None:
            path = f"{folder}/{self.name}"
            path = as_on_disk(path) if self.ignores_case else path
            if os.path.isfile(path):
                yield Match(path, self.name)
            return
        for relative in _walk(folder, "", self.depth):
            if self.regex.fullmatch(relative):
                yield Match(f"{folder}/{relative}", relative)

    def folder(self, working_directory: str) -> str:
        """Give the absolute path of the fixed folder."""
        return os.path.normpath(os.path.join(working_directory, self.base))

    def matches_name(self, name: str) -> bool:
        """Tell whether a file of that name right in the fixed folder matches."""
        return name == self.name if self.regex is None else bool(self.regex.fullmatch(name))


def parse(text: str, *, ignore_case: bool = False) -> Pattern:
    """
    Parse a pattern.

    Slashes separate names. In a name ``*`` stands for any characters, ``?`` for one, ``[ac-e]``
    and ``[!ac-e]`` for one of a set or none of it; ``**`` as a name for any number of folders. A
    name that begins with a dot is matched only where the pattern spells the dot. A set of a single
    character is that character, so that ``[*]`` is a star.

    Parameters
    ----------
    text
        The pattern.
    ignore_case
        Whether it matches names in any case, as on Windows.
    """
    return _parse(text, ignore_case)


def expand(text: str, environment: Mapping[str, str]) -> str:
    """Replace ``$NAME`` and ``${NAME}`` by their values; unknown names stay."""
    if "$" not in text:
        return text
    return _VARIABLE.sub(lambda found: environment.get(found[1] or found[2], found[0]), text)


@lru_cache(maxsize=1024)
def _parse(text: str, ignore_case: bool) -> Pattern:
    names = text.split("/")
    plain = [_plain(name) for name in names]
    if None not in plain:
        *folders, name = (name or "" for name in plain)
        return Pattern(_join(folders), name, ignores_case=ignore_case)
    fixed = plain.index(None)
    wild = names[fixed:]
    depth = None if "**" in wild else len(wild)
    base = _join([name or "" for name in plain[:fixed]])
    regex = re.compile(_regex(wild), re.IGNORECASE if ignore_case else 0)
    return Pattern(base, regex=regex, depth=depth)


def _join(folders: list[str]) -> str:
    return "/" if folders == [""] else "/".join(folders)


def _plain(name: str) -> str | None:
    """The one name that is meant, or None if there are wildcards."""
    characters = [_character(piece) for piece in _PIECE.findall(name)]
    plain = None if None in characters else "".join(map(str, characters))
    # In brackets they are names that no file has, and no way to a folder.
    return None if plain in (".", "..") and plain != name else plain


def _character(piece: str) -> str | None:
    """The one character that a piece means, or None if it may be several."""
    if piece[0] in "*?":
        return None
    if len(piece) == 1:
        return piece
    return piece[1] if len(piece) == len("[c]") else None


def _regex(names: list[str]) -> str:
    if names[-1] == "**":
        names = [*names, "*"]
    *folders, last = names
    folder_regexes = [None if name == "**" else _name_regex(name) + "/" for name in folders]
    return _with_gaps([*folder_regexes, _name_regex(last)], _ANY_FOLDER)


def _name_regex(name: str) -> str:
    pieces = _PIECE.findall(name)
    spells_dot = bool(pieces) and _character(pieces[0]) == "."
    regexes = [None if piece[0] == "*" else _piece_regex(piece) for piece in pieces]
    return ("" if spells_dot else r"(?!\.)") + _with_gaps(regexes, _ANY_CHARACTER)


def _with_gaps(regexes: Iterable[str | None], filling: str) -> str:
    """
    Join regexes; None is a gap, which any number of fillings close.

    What stands between two gaps is taken where it comes first, and nowhere else is tried: if the
    rest does not match behind that, it matches nowhere.  Else many gaps would take for ever.
    """
    stretches = [""]
    for regex in regexes:
        if regex is None:
            stretches.append("")
        else:
            stretches[-1] += regex
    first, *others = stretches
    if not others:
        return first
    *inner, last = others
    found_first = "".join(f"(?>{filling}*?{stretch})" for stretch in inner if stretch)
    return f"{first}{found_first}{filling}*{last}"


def _piece_regex(piece: str) -> str:
    character = _character(piece)
    if character is not None:
        return re.escape(character)
    return _ANY_CHARACTER if piece == "?" else _set_regex(piece[1:-1])


def _set_regex(text: str) -> str:
    negated = text.startswith("!")
    items = "".join(_item_regex(*found) for found in _SET_ITEM.findall(text, int(negated)))
    if not items:
        return "[^/]" if negated else "(?!)"
    return f"[^/{items}]" if negated else f"[{items}]"


def _item_regex(low: str, high: str, single: str) -> str:
    if single:
        return re.escape(single)
    return f"{re.escape(low)}-{re.escape(high)}" if low <= high else ""


def _walk(folder: str, prefix: str, depth: int | None) -> Iterator[str]:
    """List the files below a folder, at exactly that depth unless it is None."""
    for entry in _entries(folder):
        if depth in (None, 1) and _is_file(entry):
            yield prefix + entry.name
        elif depth != 1 and _is_folder(entry, follow_links=depth is not None):
            below = None if depth is None else depth - 1
            yield from _walk(entry.path, f"{prefix}{entry.name}/", below)


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a link in a circle, or to where nobody may look
        return False


def _is_folder(entry: os.DirEntry[str], *, follow_links: bool) -> bool:
    # Links to folders may form circles, in which `**` would never end.
    try:
        return entry.is_dir(follow_symlinks=follow_links)
    except OSError:
        return False


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:  # not there, no folder, or not readable: nothing to match
        return []
