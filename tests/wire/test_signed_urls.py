"""A signed URL is good for what it was signed for, as long as it was said to be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.wire.errors import WireError
from runfleet.wire.requests import Request, read_request
from runfleet.wire.signed_urls import check_upload, sign_upload

BASE = "https://127.0.0.1:8443"
PATH = "/storage/app/1.0"
KEY = b"a key of the emulator"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def request(url: str, *, received: datetime = NOW) -> Request:
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}".encode()
    return read_request("PUT", target, [], b"", scheme="https", request_id="id", received=received)


def refusal(request: Request, key: bytes = KEY) -> str:
    with pytest.raises(WireError) as caught:
        check_upload(request, key)
    assert (caught.value.code, caught.value.status) == ("AuthenticationFailed", 403)
    return caught.value.details["AuthenticationErrorDetail"]


@given(life=st.timedeltas(timedelta(seconds=1), timedelta(days=365)))
def test_it_is_good_until_its_end(life):
    url = sign_upload(BASE, PATH, KEY, expires=NOW + life)
    check_upload(request(url), KEY)
    check_upload(request(f"{url}&comp=block&blockid=YQ%3D%3D"), KEY)
    assert "time frame" in refusal(request(url, received=NOW + life))


@given(position=st.integers(0), character=st.characters(codec="ascii", categories=["L", "N"]))
def test_whatever_is_changed_spoils_it(position, character):
    """Of its path, its end and its signature; nothing else of it counts."""
    url = sign_upload(BASE, PATH, KEY, expires=NOW + timedelta(hours=1))
    end, signature = (url.index(name) + len(name) for name in ("&se=", "&sig="))
    counts = [
        *range(len(BASE), len(BASE + PATH)),
        *range(end, end + 15),
        *range(signature, len(url)),
    ]
    place = counts[position % len(counts)]
    if url[place] != character and "%" not in url[max(place - 2, 0) : place + 1]:
        refusal(request(url[:place] + character + url[place + 1 :]))


def test_another_key_signs_another_url():
    url = sign_upload(BASE, PATH, b"another", expires=NOW + timedelta(hours=1))
    assert refusal(request(url)) == "Signature did not match."


@pytest.mark.parametrize("query", ["", "?se=2027-01-01T00:00:00Z", "?sig=%C3%A9&se=x"])
def test_what_is_not_signed_at_all_is_refused(query):
    refusal(request(f"{BASE}{PATH}{query}"))
