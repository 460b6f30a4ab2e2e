"""Which file a URL of this machine names."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.agent.urls import local_path
from runfleet.storage import DirectoryStorage, InvalidNameError, check_blob_name

ROOT = Path("/data/a b's/storage")
HOUR = timedelta(hours=1)


def test_a_container_url_leads_to_its_folder():
    url = DirectoryStorage(ROOT).container_url("study-one", life=HOUR, write=True)
    assert url == "file:///data/a%20b%27s/storage/study-one"
    assert local_path(url) == local_path(url + "/") == f"{ROOT}/study-one"


@given(st.text(min_size=1, max_size=80))
def test_any_blob_url_leads_to_its_file(name):
    try:
        check_blob_name(name)
        url = DirectoryStorage(ROOT).blob_url("study-one", name, life=HOUR)
    except (InvalidNameError, UnicodeEncodeError):
        return
    assert local_path(url) == f"{ROOT}/study-one/{name}"


@pytest.mark.parametrize(
    "url",
    [
        "https://account.blob.core.windows.net/study-one",
        "file://elsewhere/data/study-one",
        "study-one",
        "",
    ],
)
def test_urls_of_other_places_name_no_file_here(url):
    assert local_path(url) is None
