"""Where files live: containers of blobs, in a folder here or in an Azure Storage account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runfleet.late_names import late_names
from runfleet.storage.directory import DirectoryStorage
from runfleet.storage.errors import (
    BlobNotFoundError,
    ContainerNotFoundError,
    ContentChangedError,
    InvalidNameError,
    LifeTooLongError,
    StorageAccessError,
    StorageError,
    StorageUnavailableError,
)
from runfleet.storage.names import check_blob_name, check_container_name
from runfleet.storage.protocol import Blob, Storage
from runfleet.storage.transfers import (
    TransferProgress,
    Transferred,
    download_folder,
    download_zipped,
    upload_folder,
    upload_zipped,
)

if TYPE_CHECKING:
    from runfleet.storage.azure_blob import AzureBlob

__all__ = [
    "AzureBlob",
    "Blob",
    "BlobNotFoundError",
    "ContainerNotFoundError",
    "ContentChangedError",
    "DirectoryStorage",
    "InvalidNameError",
    "LifeTooLongError",
    "Storage",
    "StorageAccessError",
    "StorageError",
    "StorageUnavailableError",
    "TransferProgress",
    "Transferred",
    "check_blob_name",
    "check_container_name",
    "download_folder",
    "download_zipped",
    "upload_folder",
    "upload_zipped",
]

# Studies on this machine need neither the SDK nor a web client.
__getattr__, __dir__ = late_names(__name__, {".azure_blob": ["AzureBlob"]})
