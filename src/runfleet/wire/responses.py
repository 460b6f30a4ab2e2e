"""Answers, with the headers that the service sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from runfleet.batch.errors import BatchRuleError
from runfleet.wire.conditions import etag, http_date
from runfleet.wire.errors import error_json, error_status
from runfleet.wire.requests import Request
from runfleet.wire.values import time_text

JSON_TYPE = "application/json; odata=minimalmetadata"
_NO_BODY = (204, 304)
_ERROR_TYPE = "Microsoft.Azure.Batch.Protocol.Entities.Container.errors/@Element"


@dataclass(frozen=True, slots=True)
class Response:
    """
    One HTTP response, whole.

    Parameters
    ----------
    status, headers, body
        As they are sent.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


def respond(
    request: Request,
    content: Mapping[str, Any] | None = None,
    *,
    last_modified: datetime | None = None,
    location: str | None = None,
) -> Response:
    """
    Answer that the operation succeeded.

    Parameters
    ----------
    request
        As it was routed.
    content
        The JSON body, if the operation has one.
    last_modified
        Of the resource, where the operation answers with its ETag.
    location
        URL of what was created.
    """
    headers = standard_headers(request)
    if last_modified is not None:
        headers |= {"ETag": etag(last_modified), "Last-Modified": http_date(last_modified)}
    if not request.reads and request.method != "DELETE":
        headers["DataServiceId"] = location or request.url
    if location:
        headers["Location"] = location
    return _finish(request, request.operation.status, headers, content)


def respond_error(request: Request, error: BatchRuleError) -> Response:
    """Answer that a request was refused or could not be carried out."""
    suffix = f"\nRequestId:{request.request_id}\nTime:{time_text(request.received)}"
    metadata = {"odata.metadata": f"{request.base}/$metadata#{_ERROR_TYPE}"}
    content = metadata | error_json(error, suffix)
    return _finish(request, error_status(error), standard_headers(request), content)


def standard_headers(request: Request) -> dict[str, str]:
    """The headers that every answer has."""
    headers = {
        "request-id": request.request_id,
        "DataServiceVersion": "3.0",
        "Server": "Microsoft-HTTPAPI/2.0",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
        "Date": http_date(request.received),
    }
    client_id = request.headers.get("client-request-id")
    if client_id and request.headers.get("return-client-request-id", "").lower() == "true":
        headers["client-request-id"] = client_id
    return headers


def _finish(
    request: Request, status: int, headers: dict[str, str], content: Mapping[str, Any] | None
) -> Response:
    if status in _NO_BODY:
        return Response(status, headers)
    body = b"" if content is None or request.method == "HEAD" else orjson.dumps(content)
    if body:
        headers["Content-Type"] = JSON_TYPE
    headers["Content-Length"] = str(len(body))
    return Response(status, headers, body)
