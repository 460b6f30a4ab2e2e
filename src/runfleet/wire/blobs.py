"""The part of the Blob Storage REST API by which a block blob is uploaded."""

from __future__ import annotations

from datetime import datetime

from runfleet.batch.errors import BatchRuleError
from runfleet.wire.conditions import etag, http_date
from runfleet.wire.errors import ERRORS, WireError, error_status
from runfleet.wire.requests import Request
from runfleet.wire.responses import Response

_SOURCES = ("Latest", "Uncommitted")


def check_block_blob(request: Request) -> None:
    """Refuse to make a blob of another type."""
    kind = request.headers.get("x-ms-blob-type", "")
    if kind != "BlockBlob":
        details = {"HeaderName": "x-ms-blob-type", "HeaderValue": kind}
        raise WireError("InvalidHeaderValue", details)


def must_be_new(request: Request) -> bool:
    """Whether a blob that is there already must not be replaced."""
    return request.headers.get("if-none-match") == "*"


def parse_block_list(body: bytes) -> list[str]:
    """
    The ids of the blocks that make up a blob.

    Raises
    ------
    WireError
        ``InvalidBlockList`` for what is none, or names blocks of an earlier blob.
    """
    # Imported when packages are uploaded: most emulators never see one.
    from xml.etree import ElementTree

    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - expat refuses to be exploded by entities
    except ElementTree.ParseError as error:
        raise WireError("InvalidBlockList") from error
    if root.tag != "BlockList" or any(block.tag not in _SOURCES for block in root):
        raise WireError("InvalidBlockList")
    return [block.text or "" for block in root]


def respond(request: Request, *, changed: datetime | None = None) -> Response:
    """Answer that something was uploaded; a blob that is whole has an ETag."""
    headers = _headers(request) | {"Content-Length": "0"}
    if changed is not None:
        headers |= {"ETag": f'"{etag(changed)}"', "Last-Modified": http_date(changed)}
    return Response(201, headers)


def respond_error(request: Request, error: BatchRuleError) -> Response:
    """Answer that an upload was refused."""
    from xml.etree import ElementTree

    reasons = "".join(f"\n{reason}" for reason in error.details.values())
    message = f"{ERRORS[error.code].message}{reasons}\nRequestId:{request.request_id}"
    root = ElementTree.Element("Error")
    ElementTree.SubElement(root, "Code").text = error.code
    ElementTree.SubElement(root, "Message").text = message
    body = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    kind = {"x-ms-error-code": error.code, "Content-Type": "application/xml"}
    headers = _headers(request) | kind | {"Content-Length": str(len(body))}
    return Response(error_status(error), headers, body)


def _headers(request: Request) -> dict[str, str]:
    return {
        "x-ms-request-id": request.request_id,
        "x-ms-version": request.headers.get("x-ms-version", "2020-10-02"),
        "Date": http_date(request.received),
    }
