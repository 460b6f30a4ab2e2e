"""How to mend regular expressions, by what Python finds wrong with them."""

from __future__ import annotations

_REMEDIES = {
    "global flags": "write `(?i)` at the very beginning, or `(?i:...)` around a part",
    r"bad escape \p": r"write `[^\W\d_]` for a letter: classes such as `\p{L}` are not known here",
    "bad escape": "write the letter without its backslash, or two backslashes for one",
    "look-behind": r"write what stands before the number outside of the group: `depth +(\S+)`",
    "unterminated character set": r"close it by `]`, or write `\[` for the bracket itself",
    "repetition number": "write numbers of up to 65535 in `{ }`",
    "min repeat": "write the smaller number first",
    "group": r"let `\1` follow the group that it repeats",
}
_OTHERWISE = r"put a backslash before characters that stand for themselves, as in `\(`"


def remedy(reason: str) -> str:
    """Say how to mend an expression; the reason is Python's."""
    return next((hint for part, hint in _REMEDIES.items() if part in reason), _OTHERWISE)
