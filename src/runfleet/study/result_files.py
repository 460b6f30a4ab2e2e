"""Files that results are read from and `outputs` do not name: they are kept all the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from runfleet.nearest_word import nearest

_WILDCARDS = frozenset("*?[")
_CLOSE = 0.8
_MOST_COMPARED = 50


def unnamed_files(
    files: Iterable[str], patterns: Iterable[str], *, ignores_case: bool
) -> Iterator[str]:
    """
    Choose the files that no pattern fits, each once.

    Parameters
    ----------
    files
        Those that results are read from.
    patterns
        Those of files that are kept anyway.
    ignores_case
        Whether the nodes take `a.txt` and `A.TXT` for the same file.
    """
    spelled = str.lower if ignores_case else str
    wild, names = _parted(map(spelled, patterns))
    for file in files:
        name = spelled(file)
        if name not in names and not any(_fits(name, pattern) for pattern in wild):
            names.add(name)
            yield file


def as_pattern(file: str) -> str:
    """Write the pattern that fits this file alone."""
    return file.replace("[", "[[]")


def near_patterns(files: Sequence[str], patterns: Sequence[str]) -> Iterator[tuple[str, str]]:
    """
    Find files that are called nearly as a pattern, each with that: it may be the same file.

    Of very many names only the first are compared letter by letter.
    """
    by_lower = {pattern.lower(): pattern for pattern in reversed(patterns)}
    _, names = _parted(pattern.lower() for pattern in patterns[:_MOST_COMPARED])
    for number, file in enumerate(files):
        compared = names if number < _MOST_COMPARED else set()
        meant = _nearest(file.lower(), by_lower.keys(), compared)
        if meant is not None:
            yield file, by_lower[meant]


def _nearest(name: str, known: Collection[str], compared: Iterable[str]) -> str | None:
    if name in known:
        return name
    # Names of one length, as `flow1.csv` and `flow2.csv`, differ in more than a slip.
    others = [other for other in compared if len(other) != len(name)]
    return nearest(name, others, _CLOSE)


def _parted(patterns: Iterable[str]) -> tuple[list[str], set[str]]:
    """Part those that fit several files from the names of single ones."""
    every = list(patterns)
    wild = [pattern for pattern in every if not _WILDCARDS.isdisjoint(pattern)]
    return wild, set(every).difference(wild)


def _fits(file: str, pattern: str) -> bool:
    # A `*` that crosses folders would be taken for one that does not, so depths are compared.
    deep = "**" in pattern or file.count("/") == pattern.count("/")
    return deep and fnmatchcase(file, pattern.replace("**/", "*"))
