"""How commands are written that users are advised to type."""

from __future__ import annotations

import shlex


def operands(*names: str) -> str:
    """Write names behind a command and its options: after `--` where one looks like an option."""
    words = shlex.join(names)
    return f"-- {words}" if any(name.startswith("-") for name in names) else words
