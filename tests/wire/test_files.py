"""Files of tasks and nodes."""

from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from azure.batch import models
from hypothesis import given
from hypothesis import strategies as st

from runfleet.wire.errors import WireError
from runfleet.wire.files import FileInfo, FileRange, file_headers, file_json, parse_range

NOW = datetime(2026, 1, 2, 3, 4, 5, 600000, tzinfo=UTC)
FOLDER = "http://batch.example/jobs/j/tasks/t/files"
FILE = FileInfo("wd/a b.txt", False, 13, NOW, 0o100644)
DIRECTORY = FileInfo("wd", True, 4096, NOW, 0o40755)


def test_sdk_15_reads_a_file_of_a_list():
    read = models.BatchNodeFile(file_json(FILE, folder_url=FOLDER))
    assert read.name == "wd/a b.txt"
    assert read.url == "http://batch.example/jobs/j/tasks/t/files/wd/a%20b.txt"
    assert read.is_directory is False
    assert read.properties.content_length == 13
    assert read.properties.last_modified == NOW
    assert read.properties.content_type == "text/plain"
    assert read.properties.file_mode == "0o100644"


def test_the_length_of_a_file_travels_as_text():
    assert file_json(FILE, folder_url=FOLDER)["properties"]["contentLength"] == "13"


def test_a_folder_has_no_properties():
    assert file_json(DIRECTORY, folder_url=FOLDER) == {
        "name": "wd",
        "url": "http://batch.example/jobs/j/tasks/t/files/wd",
        "isDirectory": True,
    }


def test_headers_describe_a_file():
    url = f"{FOLDER}/wd%2Fa%20b.txt"
    headers = file_headers(FILE, url=url)
    assert unquote(headers.pop("ocp-batch-file-url")) == url
    assert headers == {
        "Content-Type": "text/plain",
        "Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT",
        "ocp-batch-file-isdirectory": "False",
        "ocp-batch-file-mode": "0o100644",
    }
    assert file_headers(DIRECTORY, url=url)["ocp-batch-file-isdirectory"] == "True"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (None, FileRange(0, 10)),
        ("bytes=0-4", FileRange(0, 5)),
        ("bytes=9-9", FileRange(9, 1)),
        ("bytes=4-", FileRange(4, 6)),
        ("bytes=4-99", FileRange(4, 6)),
        ("bytes=-3", FileRange(7, 3)),
        ("bytes=-99", FileRange(0, 10)),
    ],
)
def test_a_range_is_cut_to_the_file(text, wanted):
    assert parse_range(text, 10) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "bytes=10-",
        "bytes=5-4",
        "bytes=-0",
        "bytes=-",
        "bytes=a-b",
        "0-4",
        "bytes=" + "9" * 5000 + "-",
    ],
)
def test_a_range_that_the_file_does_not_have_is_refused(text):
    with pytest.raises(WireError) as caught:
        parse_range(text, 10)
    assert (caught.value.status, caught.value.code) == (416, "InvalidRange")


@given(st.binary(min_size=1), st.integers(0, 50), st.integers(0, 50))
def test_a_range_means_what_it_means_to_a_slice(content, first, last):
    try:
        part = parse_range(f"bytes={first}-{last}", len(content))
    except WireError:
        assert not content[first : last + 1]
    else:
        assert content[part.offset : part.offset + part.length] == content[first : last + 1]
