"""Requests, taken apart."""

import pytest

from runfleet.wire.errors import WireError
from runfleet.wire.requests import check_api_version


def test_query_names_are_found_in_any_case(make_request):
    request = make_request("GET", "/jobs?MaxResults=5&timeOut=30&$filter=id%20eq%20'a%26b'")
    assert request.query == {"maxresults": "5", "timeout": "30", "$filter": "id eq 'a&b'"}
    assert ("MaxResults", "5") in request.query_items


def test_of_a_repeated_query_parameter_the_first_counts(make_request):
    assert make_request("GET", "/jobs?maxresults=1&maxresults=2").query == {"maxresults": "1"}


def test_urls_in_answers_have_the_authority_that_the_client_used(make_request):
    request = make_request("GET", "/jobs/j?x=1", {"Host": "batch.example:9000"})
    assert request.url == "http://batch.example:9000/jobs/j"


def test_flags_are_true_only_when_they_say_so(make_request):
    assert make_request("GET", "/jobs/j/tasks/t/files?Recursive=True").flag("recursive")
    assert not make_request("GET", "/jobs/j/tasks/t/files?recursive=false").flag("recursive")
    assert not make_request("GET", "/jobs/j/tasks/t/files").flag("recursive")


def test_a_flag_says_true_or_false(make_request):
    with pytest.raises(WireError) as error:
        make_request("GET", "/jobs/j/tasks/t/files?recursive=junk").flag("recursive")
    assert (error.value.code, error.value.status) == ("InvalidQueryParameterValue", 400)
    assert error.value.details == {
        "QueryParameterName": "recursive",
        "QueryParameterValue": "junk",
        "Reason": "must be true or false",
    }


@pytest.mark.parametrize(
    "version", ["2025-06-01", "2024-07-01.20.0", "2024-02-01.19.0", "2023-05-01.17.0"]
)
def test_the_versions_of_the_sdks_are_accepted(make_request, version):
    check_api_version(make_request("GET", f"/jobs?api-version={version}"))


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "MissingRequiredQueryParameter"),
        ("?api-version=", "MissingRequiredQueryParameter"),
        ("?api-version=latest", "UnsupportedRequestVersion"),
        ("?api-version=2015-01-01.1.0", "UnsupportedRequestVersion"),
    ],
)
def test_other_versions_are_not(make_request, query, code):
    with pytest.raises(WireError) as caught:
        check_api_version(make_request("GET", f"/jobs{query}"))
    assert (caught.value.status, caught.value.code) == (400, code)
    assert caught.value.details["QueryParameterName"] == "api-version"
