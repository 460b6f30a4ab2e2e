"""What the URLs of accounts tell about them."""

from __future__ import annotations

import pytest

from runfleet.azure.account_settings import (
    StorageSettings,
    account_of_endpoint,
    location_of_endpoint,
)


@pytest.mark.parametrize(
    ("endpoint", "account", "location"),
    [
        ("https://hydrology.westeurope.batch.azure.com", "hydrology", "westeurope"),
        ("https://hydrology.chinaeast2.batch.chinacloudapi.cn", "hydrology", "chinaeast2"),
        ("https://hydrology.usgovvirginia.batch.usgovcloudapi.net", "hydrology", "usgovvirginia"),
        ("https://127.0.0.1:7001", None, None),
        ("https://localhost", None, None),
        ("https://batch.company.example", "batch", None),
    ],
)
def test_a_batch_endpoint_tells_account_and_region(
    endpoint: str, account: str | None, location: str | None
) -> None:
    assert account_of_endpoint(endpoint) == account
    assert location_of_endpoint(endpoint) == location


@pytest.mark.parametrize(
    ("url", "account"),
    [
        ("https://rivers.blob.core.windows.net", "rivers"),
        ("https://rivers.blob.core.chinacloudapi.cn/", "rivers"),
        ("http://127.0.0.1:10000/devstoreaccount1", "devstoreaccount1"),
    ],
)
def test_a_blob_url_tells_the_storage_account(url: str, account: str) -> None:
    assert StorageSettings(url).account == account
