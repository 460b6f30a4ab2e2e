"""Secrets in the environment of a study are told, and not shown."""

from __future__ import annotations

import pytest

from runfleet.launch.checks.secrets import find_secrets, is_secret, without_secrets
from runfleet.study.model import Model


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DB_PASSWORD", "hunter2"),
        ("API_KEY", "abc"),
        ("client_secret", "x1"),
        ("TOKEN", "ghp_1"),
        ("STORE", "AccountName=a;AccountKey=bm9uZQ=="),
        ("URL", "https://a.blob.core.windows.net/c?sv=1&sig=abc"),
    ],
)
def test_a_secret_is_told_and_not_shown(name: str, text: str):
    environment = {"MODE": "fast", name: text}
    [warning] = find_secrets(Model("./model", environment=environment))
    assert warning.startswith(f"`{name}` under `environment` seems to be a secret")
    assert text not in warning
    assert without_secrets(environment) == {"MODE": "fast", name: "***"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("TOKENS", "512"),
        ("TOKENIZER", "words"),
        ("KEYBOARD", "de"),
        ("PASSWORD_FILE", "secret.txt"),
        ("USE_TOKEN", "true"),
        ("API_KEY", ""),
        ("MONKEY", "see"),
    ],
)
def test_what_is_no_secret_is_shown(name: str, text: str):
    assert not is_secret(name, text)
