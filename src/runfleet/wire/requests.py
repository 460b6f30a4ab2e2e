"""A request as it came over the wire, taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl

from runfleet.wire.errors import WireError, invalid_query
from runfleet.wire.operations import UNROUTED, Operation

_API_VERSION = re.compile(r"20[2-9][0-9]-[01][0-9]-[0-3][0-9](\.[0-9]+\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Request:
    """
    One HTTP request.

    Parameters
    ----------
    method
        In capitals.
    path
        As sent, percent signs and all: the signature covers it so, and ``%2F`` is no separator.
    base
        Scheme and authority by which the client reached the service, for the URLs in answers.
    request_id
        A fresh GUID; answers and error messages repeat it.
    received
        When it came.
    query
        Decoded values by lower-cased name.
    query_items
        The same with names, order and repetitions as sent.
    headers
        Values by lower-cased name.
    body
        As sent.
    operation, parameters
        What the path means; set by the router.
    """

    method: str
    path: str
    base: str
    request_id: str
    received: datetime
    query: Mapping[str, str] = field(default_factory=dict)
    query_items: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    operation: Operation = UNROUTED
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The absolute URL of the request, without its query."""
        return self.base + self.path

    @property
    def reads(self) -> bool:
        """Whether the request leaves everything as it is."""
        return self.method in ("GET", "HEAD")

    def flag(self, name: str) -> bool:
        """
        Whether a query parameter such as `recursive` says true.

        Raises
        ------
        WireError
            If it says neither that nor false.
        """
        text = self.query.get(name) or "false"
        if text.lower() not in ("true", "false"):
            raise invalid_query(name, text, "must be true or false")
        return text.lower() == "true"


def read_request(
    method: str,
    target: bytes,
    headers: Iterable[tuple[bytes, bytes]],
    body: bytes,
    *,
    scheme: str,
    request_id: str,
    received: datetime,
) -> Request:
    """
    Take a request apart.

    Parameters
    ----------
    method, target, headers, body
        As sent; the target is path and query.  Of a repeated header the last one counts.
    scheme
        `http` or `https`.
    request_id, received
        What the service knows the request by, and when it came.
    """
    path, _, query_text = target.decode("latin-1").partition("?")
    fields = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}
    items = tuple(parse_qsl(query_text, keep_blank_values=True))
    return Request(
        method=method,
        path=path,
        base=f"{scheme}://{fields.get('host', 'localhost')}",
        request_id=request_id,
        received=received,
        query={name.lower(): value for name, value in reversed(items)},
        query_items=items,
        headers=fields,
        body=body,
    )


def check_api_version(request: Request) -> None:
    """
    Refuse a request without an `api-version`, or with none that the service ever had.

    Raises
    ------
    WireError
        ``MissingRequiredQueryParameter`` or ``UnsupportedRequestVersion``.
    """
    version = request.query.get("api-version")
    if not version:
        raise WireError("MissingRequiredQueryParameter", {"QueryParameterName": "api-version"})
    if not _API_VERSION.fullmatch(version):
        details = {"QueryParameterName": "api-version", "QueryParameterValue": version[:60]}
        raise WireError("UnsupportedRequestVersion", details)
