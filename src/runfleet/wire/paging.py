"""Lists, a page at a time."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from runfleet.batch.filters import Filter
from runfleet.wire.bodies import JsonObject
from runfleet.wire.errors import WireError, invalid_query, query_details
from runfleet.wire.fields import Fields
from runfleet.wire.odata import (
    FilterSyntaxError,
    matches,
    parse_filter,
    parse_select,
    select_members,
)
from runfleet.wire.requests import Request

MAX_PAGE_SIZE = 1000
_SKIP_TOKEN = "$skiptoken"  # noqa: S105


@dataclass(frozen=True, slots=True)
class ListQuery:
    """
    What a client asked of a list.

    Parameters
    ----------
    page_size
        How many items are answered at most.
    after
        Where the page before ended, in the words of whoever serves the list; empty for the first.
    condition
        Which items are wanted; None for all.
    select
        The members to answer with, None for all.
    """

    page_size: int = MAX_PAGE_SIZE
    after: str = ""
    condition: Filter | None = None
    select: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """
    Some items of a list.

    Parameters
    ----------
    items
        What is answered.
    after
        Where the next page starts, in the words of `ListQuery`; empty if none follows.
    """

    items: list[JsonObject]
    after: str = ""


def read_list_query(request: Request, fields: Fields) -> ListQuery:
    """
    Read the options of a request for a list.

    Parameters
    ----------
    request
        The request.
    fields
        What the list can be filtered by.

    Raises
    ------
    WireError
        ``InvalidQueryParameterValue`` or ``OutOfRangeQueryParameterValue``.
    """
    return ListQuery(
        page_size=_page_size(request.query.get("maxresults")),
        after=_read_token(request.query.get(_SKIP_TOKEN)),
        condition=_condition(request.query.get("$filter"), fields),
        select=parse_select(request.query.get("$select")),
    )


def select_page(items: Iterable[tuple[str, JsonObject]], query: ListQuery) -> Page:
    """
    Cut the page that a client asked for out of a list that is whole.

    Parameters
    ----------
    items
        Each item with its key, in ascending order of keys.
    query
        What was asked.
    """
    page = Page([])
    last_key = ""
    for key, item in items:
        if key <= query.after or not (query.condition is None or matches(query.condition, item)):
            continue
        if len(page.items) == query.page_size:
            return Page(page.items, last_key)
        page.items.append(item)
        last_key = key
    return page


def page_json(request: Request, kind: str, page: Page, query: ListQuery) -> JsonObject:
    """
    A page as clients read it.

    Parameters
    ----------
    request
        Whose own authority the link to the next page names: it is the one the client can reach.
    kind
        Of the list, such as ``tasks``.
    page, query
        The items and what was asked of them.
    """
    select = query.select
    items = page.items if select is None else [select_members(i, select) for i in page.items]
    shape: JsonObject = {"odata.metadata": f"{request.base}/$metadata#{kind}", "value": items}
    if page.after:
        shape["odata.nextLink"] = next_link(request, page.after)
    return shape


def list_json(
    request: Request, kind: str, fields: Fields, items: Iterable[tuple[str, JsonObject]]
) -> JsonObject:
    """
    The page that a client asked for of a list that is whole.

    Parameters
    ----------
    request
        What was asked.
    kind
        Of the list, such as ``pools``.
    fields
        By which it can be filtered.
    items
        Each item with its key, in ascending order of keys.
    """
    query = read_list_query(request, fields)
    return page_json(request, kind, select_page(items, query), query)


def entity_json(request: Request, kind: str, entity: JsonObject) -> JsonObject:
    """One resource as clients read it, only the members that they selected."""
    select = parse_select(request.query.get("$select"))
    members = entity if select is None else select_members(entity, select)
    return {"odata.metadata": f"{request.base}/$metadata#{kind}/@Element", **members}


def _page_size(text: str | None) -> int:
    if text is None:
        return MAX_PAGE_SIZE
    try:
        size = int(text)
    except ValueError:
        raise invalid_query("maxresults", text, "MaxResults must be a whole number") from None
    if size < 1:
        raise invalid_query("maxresults", text, "MaxResults cannot be less than 1")
    if size > MAX_PAGE_SIZE:
        details = query_details("maxresults", text, f"MaxResults cannot exceed {MAX_PAGE_SIZE}")
        raise WireError("OutOfRangeQueryParameterValue", details)
    return size


def _condition(text: str | None, fields: Fields) -> Filter | None:
    if not text:
        return None
    try:
        return parse_filter(text, fields)
    except FilterSyntaxError as error:
        raise invalid_query("$filter", text, str(error)) from error


def _read_token(text: str | None) -> str:
    try:
        return base64.b64decode(text or "", altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise invalid_query(_SKIP_TOKEN, text or "", "This list gave out no such token") from None


def next_link(request: Request, after: str) -> str:
    """The URL of the page after this one."""
    kept = [(name, value) for name, value in request.query_items if name.lower() != _SKIP_TOKEN]
    token = base64.urlsafe_b64encode(after.encode()).decode()
    query = urlencode([*kept, (_SKIP_TOKEN, token)], safe="$", quote_via=quote)
    return f"{request.url}?{query}"
