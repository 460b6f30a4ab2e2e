"""Secrets in a study file, which stand there for all to see."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from runfleet.study.model import Model

HIDDEN = "***"
"""What is shown in place of a secret."""

_NAME = re.compile(
    r".*(password|passwd|passphrase|secret|token)s?(_.*)?|(.*_)?(pwd|api_?key|key|credentials?)",
    re.IGNORECASE,
)
# Where a secret is, or how many there are of something, is none.
_ABOUT_ONE = re.compile(r".*_(file|path|dir|name|url|uri|id|length|count)", re.IGNORECASE)
_PLAIN_VALUE = re.compile(r"[-+\d.]*|true|false|yes|no|on|off", re.IGNORECASE)
_VALUE = re.compile(r"\bAccountKey=|\bSharedAccess(Key|Signature)=|[?&]sig=", re.IGNORECASE)


def find_secrets(model: Model) -> Iterator[str]:
    """Name the variables of a model that hold secrets, as it seems."""
    for name, text in model.environment.items():
        if is_secret(name, text):
            yield (
                f"`{name}` under `environment` seems to be a secret: whoever may see the study or "
                "its tasks can read it; let the model ask a key vault for it"
            )


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Hide what seems to be a secret."""
    return {name: HIDDEN if is_secret(name, text) else text for name, text in environment.items()}


def is_secret(name: str, text: str) -> bool:
    """Tell by its name and its text whether an environment variable holds a secret."""
    if _VALUE.search(text):
        return True
    is_called_so = _NAME.fullmatch(name) and not _ABOUT_ONE.fullmatch(name)
    return bool(is_called_so) and not _PLAIN_VALUE.fullmatch(text)
