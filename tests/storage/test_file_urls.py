"""`file://` URLs of containers and blobs, and the way back."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.storage import (
    DirectoryStorage,
    InvalidNameError,
    StorageError,
    blob_path,
    check_blob_name,
    container_path,
)

ROOT = Path("/data/a b's/storage")
HOUR = timedelta(hours=1)


def test_a_container_url_leads_back_to_its_folder():
    url = DirectoryStorage(ROOT).container_url("study-one", life=HOUR, write=True)
    assert url == "file:///data/a%20b%27s/storage/study-one"
    assert container_path(url, ROOT) == ROOT / "study-one"
    assert container_path(url + "/", ROOT) == ROOT / "study-one"


@given(st.text(min_size=1, max_size=80))
def test_any_blob_url_leads_back_to_its_file(name):
    try:
        check_blob_name(name)
        url = DirectoryStorage(ROOT).blob_url("study-one", name, life=HOUR)
    except (InvalidNameError, UnicodeEncodeError):
        return
    assert blob_path(url, ROOT) == ROOT / "study-one" / name


@pytest.mark.parametrize(
    "url",
    [
        "https://account.blob.core.windows.net/study-one",
        "file://elsewhere/data/a%20b%27s/storage/study-one",
        "file:///data/a%20b%27s/storage",
        "file:///data/a%20b%27s/storage/",
        "file:///data/a%20b%27s/storage/..",
        "file:///data/a%20b%27s/storage/%2e%2e/other",
        "file:///data/a%20b%27s/storage/study-one/../../..",
        "file:///data/a%20b%27s/storage-two/study-one",
        "file:///data/a%20b%27s/storage/.partial",
        "file:///data/a%20b%27s/storage/study-one?sig=x",
        "file:///etc/passwd",
        "study-one",
        "",
    ],
)
def test_urls_of_other_places_are_refused(url):
    with pytest.raises(StorageError):
        container_path(url, ROOT)


@pytest.mark.parametrize(
    "url",
    [
        "file:///data/a%20b%27s/storage/study-one",
        "file:///data/a%20b%27s/storage/study-one/a%00b",
        "file:///data/a%20b%27s/storage/study-one/a%2f..%2f..%2f..%2fb",
        "file:///data/a%20b%27s/storage/study-one/a%5Cb",
    ],
)
def test_blob_urls_stay_inside_the_container(url):
    with pytest.raises(StorageError):
        blob_path(url, ROOT)


def test_names_for_windows_are_stricter():
    for name in ["a:b", "con", "AUX.txt", "x/lpt1", "a ", "what?"]:
        check_blob_name(name, windows=False)
        with pytest.raises(InvalidNameError):
            check_blob_name(name, windows=True)
    check_blob_name("console/run-1.txt", windows=True)


@given(st.text(alphabet="aZ9é_-. \\\t/", max_size=12) | st.text(alphabet="a.", min_size=250))
def test_a_name_is_refused_for_what_its_segments_are(name):
    """The short way by which ordinary names pass lets no other through, nor stops any."""
    segments = name.split("/")
    is_fine = all(
        segment and segment[-1] != "." and len(segment) <= 254 and not {"\\", "\t"} & set(segment)
        for segment in segments
    )
    try:
        check_blob_name(name, windows=False)
    except InvalidNameError:
        assert not is_fine
    else:
        assert is_fine
