"""The management plane of an emulator, by the official SDK."""

from __future__ import annotations

import io
import itertools
import zipfile
from collections.abc import Callable, Iterator

import pytest
from azure.mgmt.batch import BatchManagementClient
from azure.storage.blob import BlobClient

from runfleet.emulator.tokens import EmulatorCredential

SUBSCRIPTION = "12345678-1234-1234-1234-123456789012"

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def emulator_options():
    """Tokens are sent over nothing but https."""
    return ("--tls",)


@pytest.fixture(scope="module")
def management(emulator) -> Iterator[BatchManagementClient]:
    """The unmodified SDK."""
    with BatchManagementClient(
        EmulatorCredential(emulator.home),
        SUBSCRIPTION,
        base_url=emulator.url,
        connection_verify=emulator.ca_file,
    ) as client:
        yield client


@pytest.fixture(scope="module")
def upload(emulator) -> Callable[..., None]:
    """Upload bytes to a storage URL, as Azure's own SDK does it."""

    def upload(url: str, content: bytes, **options) -> None:
        with BlobClient.from_blob_url(url, connection_verify=emulator.ca_file, **options) as blob:
            blob.upload_blob(content, overwrite=True)

    return upload


@pytest.fixture
def application(management) -> str:
    """An application of the test's own."""
    application_id = f"App-{next(_numbers)}"
    management.application.create("group", "local", application_id)
    return application_id


@pytest.fixture(scope="module")
def add(management, upload) -> Callable[..., None]:
    """Add a version as users of the SDK do: make it, upload it, activate it."""

    def add(application_id: str, version: str, content: bytes) -> None:
        names = ("group", "local", application_id, version)
        upload(management.application_package.create(*names).storage_url, content)
        management.application_package.activate(*names, {"format": "zip"})

    return add


def package(text: str) -> bytes:
    """A zip file whose program prints a text."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        program = zipfile.ZipInfo("bin/hello")
        program.external_attr = 0o755 << 16
        archive.writestr(program, f"#!/bin/sh\necho {text}\n")
    return content.getvalue()


@pytest.fixture(name="package", scope="session")
def give_package() -> Callable[[str], bytes]:
    """Zip a program that prints a text."""
    return package
