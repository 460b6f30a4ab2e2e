"""Lists, a page at a time."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.wire import fields
from runfleet.wire.errors import WireError
from runfleet.wire.paging import entity_json, page_json, read_list_query, select_page


def walk(make_request, target, items):
    """Follow the links from the first page to the last, as clients do."""
    pages = []
    while target:
        request = make_request("GET", target)
        query = read_list_query(request, fields.JOBS)
        content = page_json(request, "jobs", select_page(items, query), query)
        pages.append(content["value"])
        link = urlsplit(content.get("odata.nextLink", ""))
        target = f"{link.path}?{link.query}" if link.path else ""
    return pages


def jobs(count):
    return [(f"j{number}", {"id": f"j{number}", "state": "active"}) for number in range(count)]


def test_pages_follow_each_other_until_all_is_told(make_request):
    pages = walk(make_request, "/jobs?api-version=1&maxresults=2", jobs(5))
    assert [[job["id"] for job in page] for page in pages] == [["j0", "j1"], ["j2", "j3"], ["j4"]]


def test_a_full_last_page_has_no_link(make_request):
    assert [len(page) for page in walk(make_request, "/jobs?maxresults=2", jobs(4))] == [2, 2]


def test_an_empty_list_is_one_page(make_request):
    assert walk(make_request, "/jobs", []) == [[]]


@given(st.lists(st.text(min_size=1), unique=True), st.integers(1, 5))
def test_no_item_is_lost_or_told_twice(make_request, keys, size):
    items = [(key, {"id": key}) for key in sorted(keys)]
    pages = walk(make_request, f"/jobs?maxresults={size}", items)
    assert [item["id"] for page in pages for item in page] == sorted(keys)


def test_a_link_repeats_what_was_asked_at_the_clients_own_address(make_request):
    target = "/jobs?api-version=2025-06-01&$filter=startswith(id,%20'j')&$select=id&maxresults=1"
    request = make_request("GET", target, {"Host": "batch.example"})
    query = read_list_query(request, fields.JOBS)
    content = page_json(request, "jobs", select_page(jobs(2), query), query)
    assert content == {
        "odata.metadata": "http://batch.example/$metadata#jobs",
        "value": [{"id": "j0"}],
        "odata.nextLink": "http://batch.example/jobs?api-version=2025-06-01"
        "&$filter=startswith%28id%2C%20%27j%27%29&$select=id&maxresults=1&$skiptoken=ajA%3D",
    }


def test_the_sdk_follows_the_links(make_request, sent):
    """Its second request, made from our link, asks for the second page."""
    first = make_request("GET", "/jobs?api-version=2024-02-01.19.0&maxresults=1")
    query = read_list_query(first, fields.JOBS)
    link = page_json(first, "jobs", select_page(jobs(2), query), query)["odata.nextLink"]
    path = link.removeprefix("http://127.0.0.1:8080")
    request = sent(lambda client: next(client.list_jobs().by_page(continuation_token=path)))
    assert read_list_query(request, fields.JOBS).after == "j0"
    assert request.query["api-version"] == "2025-06-01"


def test_a_filter_skips_what_does_not_match(make_request):
    target = "/jobs?maxresults=1&$filter=id%20eq%20'j1'%20or%20id%20eq%20'j3'"
    pages = walk(make_request, target, jobs(5))
    assert [[job["id"] for job in page] for page in pages] == [["j1"], ["j3"]]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("-5", "MaxResults cannot be less than 1"),
        ("0", "MaxResults cannot be less than 1"),
        ("a", "MaxResults must be a whole number"),
        ("1001", "MaxResults cannot exceed 1000"),
    ],
)
def test_a_bad_page_size_is_refused(make_request, value, reason):
    error = refusal(make_request("GET", f"/jobs?maxResults={value}"))
    assert error.code.endswith("QueryParameterValue")
    assert error.details == {
        "QueryParameterName": "maxresults",
        "QueryParameterValue": value,
        "Reason": reason,
    }


def test_a_bad_filter_is_refused(make_request):
    error = refusal(make_request("GET", "/jobs?$filter=x%20eq%201"))
    assert error.code == "InvalidQueryParameterValue"
    assert error.details == {
        "QueryParameterName": "$filter",
        "QueryParameterValue": "x eq 1",
        "Reason": "`x` is not a field that this list is filtered by",
    }


@pytest.mark.parametrize("token", ["%C3%A4", "abcde", "_w"])
def test_a_token_that_was_never_given_out_is_refused(make_request, token):
    error = refusal(make_request("GET", f"/jobs?$skiptoken={token}"))
    assert error.details["Reason"] == "This list gave out no such token"


def refusal(request):
    with pytest.raises(WireError) as caught:
        read_list_query(request, fields.JOBS)
    assert caught.value.status == 400
    return caught.value


def test_one_resource_is_answered_whole_or_as_selected(make_request):
    job = {"id": "j", "state": "active"}
    metadata = {"odata.metadata": "http://127.0.0.1:8080/$metadata#jobs/@Element"}
    assert entity_json(make_request("GET", "/jobs/j"), "jobs", job) == metadata | job
    selected = make_request("GET", "/jobs/j?$select=id&$expand=stats")
    assert entity_json(selected, "jobs", job) == metadata | {"id": "j"}
