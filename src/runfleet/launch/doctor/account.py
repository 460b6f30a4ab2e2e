"""Whether an account can be used: its endpoint, the clock, the login, its storage."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from runfleet.errors import RunfleetError
from runfleet.launch.accounts.account import Account
from runfleet.launch.doctor.findings import Finding, Verdict, doubtful, fine, looked_at, wrong
from runfleet.storage import Storage, StorageError

_CONTAINER = "runfleet-doctor"
_URL_LIFE = timedelta(minutes=10)

# The service takes no request whose time is further off [docs: Authenticate requests].
_MOST_SKEW = timedelta(minutes=15)
_USUAL_SKEW = timedelta(minutes=2)


def examine_account(account: Account) -> Iterator[Finding]:
    """Look at all that every study needs; what cannot be looked at any more is left out."""
    yield from _examine_batch(account)
    yield looked_at("storage", lambda: _look_at_storage(account.storage))


def _examine_batch(account: Account) -> Iterator[Finding]:
    try:
        endpoint = account.batch.endpoint
    except RunfleetError as error:  # no key, or one that is none
        yield wrong("login", error.message, error.hint or "")
        return
    reached = looked_at("endpoint", lambda: _look_at_clock(account, endpoint))
    yield reached
    if reached.verdict is not Verdict.ERROR:
        yield looked_at("login", lambda: _look_at_login(account))


def _look_at_clock(account: Account, endpoint: str) -> Finding:
    theirs = account.batch.service_time()
    if theirs is None:
        return doubtful("endpoint", f"{endpoint} answers, without its time", "check the address")
    skew = abs(datetime.now(UTC) - theirs)
    text = f"{endpoint} answers; the clocks differ by {skew.total_seconds():.0f} s"
    if skew > _MOST_SKEW:
        return wrong("endpoint", text, "set this machine's clock: requests are refused")
    if skew > _USUAL_SKEW:
        return doubtful("endpoint", text, "set this machine's clock: signed URLs may not work")
    return fine("endpoint", text)


def _look_at_login(account: Account) -> Finding:
    pools = sum(1 for _ in account.batch.list_pools())
    return fine("login", f"works, by {account.login.value}; pools on the account: {pools}")


def _look_at_storage(storage: Storage) -> Finding:
    """Write, read, read by a signed URL as a node does, and delete the blob."""
    blob, content = f"test-{os.urandom(8).hex()}", os.urandom(64)
    storage.create_container(_CONTAINER)
    storage.put_bytes(_CONTAINER, blob, content)
    try:
        if storage.get_bytes(_CONTAINER, blob) != content:
            raise StorageError("the storage account does not give back what was written")
        url = storage.blob_url(_CONTAINER, blob, life=_URL_LIFE)
        if _fetched(url) != content:
            raise StorageError("a signed URL does not lead to what was written")
    finally:
        storage.delete_blob(_CONTAINER, blob)
    place = url.partition("?")[0].partition(f"/{_CONTAINER}/")[0]
    # The container stays: for a while after its end, none of its name could be made.
    text = f"a blob written, read, read by signed URL, deleted; container `{_CONTAINER}` stays"
    return fine("storage", f"{place}: {text}")


def _fetched(url: str) -> bytes:
    """Read a blob by the means of nodes, by the proxies and certificates of the environment."""
    place = urlsplit(url)
    if place.scheme == "file":
        return Path(url2pathname(place.path)).read_bytes()
    # Imported late: the account of this machine needs none of it.
    from runfleet.storage.channel import Channel
    from runfleet.storage.signed_blobs import SignedBlobs

    try:
        with closing(SignedBlobs(Channel())) as blobs:
            return blobs.get(url)
    except StorageError as error:
        raise StorageError(
            f"a signed URL cannot be read: {error}",
            hint="let the storage account be reached from everywhere: nodes use such URLs",
        ) from error
