"""Storage URLs take what Azure's own SDK and others upload, from those who have them."""

from __future__ import annotations

import os
import socket
import ssl
from urllib.parse import urlsplit

import pytest
import requests

LOCAL = ("group", "local")
BLOB = {"x-ms-blob-type": "BlockBlob"}


@pytest.fixture
def url(management, application) -> str:
    """The storage URL of a version of the test's own."""
    return management.application_package.create(*LOCAL, application, "1").storage_url


@pytest.fixture
def put(emulator):
    """Put something, and read the answer."""

    def put(url: str, content: bytes = b"x", **headers: str) -> requests.Response:
        return requests.put(url, content, headers=headers, verify=emulator.ca_file)

    return put


def uploaded(emulator, application: str) -> bytes:
    folder = emulator.home / "emulator" / "packages" / application
    return (folder / ".1.upload" / "blob").read_bytes()


@pytest.mark.parametrize("size", [10, 3_000_000])
def test_a_blob_arrives_at_once_or_in_blocks(emulator, application, url, upload, size):
    """Larger than what Batch itself takes in a request."""
    content = os.urandom(size)
    upload(url, content, max_single_put_size=2_000_000, max_block_size=1_000_000)
    assert uploaded(emulator, application) == content


def test_a_large_blob_is_put_at_once(emulator, application, url, upload):
    content = os.urandom(20_000_000)
    upload(url, content)
    assert uploaded(emulator, application) == content


def test_blocks_are_joined_in_the_order_of_the_list(emulator, application, url, put):
    """Others may come from an upload that was given up."""
    for block_id in ("YQ==", "Yg==", "Yw=="):
        assert put(f"{url}&comp=block&blockid={block_id}", block_id.encode()).status_code == 201
    blocks = "<BlockList><Latest>Yw==</Latest><Uncommitted>YQ==</Uncommitted></BlockList>"
    ended = put(f"{url}&comp=blocklist", blocks.encode())
    assert (ended.status_code, ended.headers["ETag"][:3]) == (201, '"0x')
    assert uploaded(emulator, application) == b"Yw==YQ=="


@pytest.mark.parametrize("blocks", ["<BlockList><Latest>eA==</Latest></BlockList>", "<", "<a/>"])
def test_a_list_of_other_blocks_is_refused(url, put, blocks):
    refused = put(f"{url}&comp=blocklist", blocks.encode())
    assert (refused.status_code, refused.headers["x-ms-error-code"]) == (400, "InvalidBlockList")
    assert "<Code>InvalidBlockList</Code>" in refused.text


@pytest.mark.parametrize(("old", "new"), [("sig=", "sig=0"), ("se=2", "se=3"), ("?", "?sig=&x=")])
def test_a_url_that_was_not_signed_here_is_refused(url, put, old, new):
    """Nor one whose end was moved."""
    refused = put(url.replace(old, new), **BLOB)
    assert (refused.status_code, refused.headers["x-ms-error-code"]) == (
        403,
        "AuthenticationFailed",
    )


def test_a_url_is_good_for_one_version(management, application, url, put):
    management.application_package.create(*LOCAL, application, "2")
    assert put(url.replace("/1?", "/2?"), **BLOB).status_code == 403


def test_what_is_there_is_replaced_unless_the_client_minds(url, put):
    assert put(url, **BLOB).status_code == 201
    refused = put(url, **BLOB, **{"If-None-Match": "*"})
    assert (refused.status_code, refused.headers["x-ms-error-code"]) == (409, "BlobAlreadyExists")
    assert put(url, **BLOB).status_code == 201


@pytest.mark.parametrize("part", ["", "&comp=block&blockid=YQ==", "&comp=blocklist"])
@pytest.mark.parametrize("condition", [{}, {"If-None-Match": "*"}])
def test_an_active_version_stays_as_it_is(
    management, application, add, package, put, part, condition
):
    """Its storage URL takes something else only after it was created again."""
    add(application, "1", package("old"))
    names = (*LOCAL, application, "1")
    url = management.application_package.get(*names).storage_url
    refused = put(url + part, b"garbage", **BLOB, **condition)
    assert (refused.status_code, refused.headers["x-ms-error-code"]) == (409, "BlobAlreadyExists")
    assert "create it again" in refused.text
    assert management.application_package.get(*names).state == "Active"
    assert management.application_package.activate(*names, {"format": "zip"}).state == "Active"
    management.application_package.create(*names)
    assert put(url, b"new", **BLOB).status_code == 201


def test_other_blobs_and_other_verbs_are_refused(emulator, url, put):
    assert put(url, **{"x-ms-blob-type": "PageBlob"}).status_code == 400
    assert requests.get(url, verify=emulator.ca_file).status_code == 405


def test_a_client_may_go_in_the_middle(emulator, application, url, upload):
    """Nothing has happened then, and the next one begins anew."""
    parts = urlsplit(url)
    context = ssl.create_default_context(cafile=emulator.ca_file)
    head = f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
    with (
        socket.create_connection((parts.hostname, parts.port)) as plain,
        context.wrap_socket(plain, server_hostname=parts.hostname) as connection,
    ):
        connection.sendall(
            f"{head}x-ms-blob-type: BlockBlob\r\nContent-Length: 1000\r\n\r\nbegun".encode()
        )
    upload(url, b"whole")
    assert uploaded(emulator, application) == b"whole"
