"""Where files live: containers of blobs, in a folder here or in an Azure Storage account."""

from runfleet.storage.directory import DirectoryStorage
from runfleet.storage.errors import (
    BlobNotFoundError,
    ContainerNotFoundError,
    InvalidNameError,
    StorageError,
)
from runfleet.storage.file_urls import blob_path, container_path
from runfleet.storage.names import check_blob_name, check_container_name
from runfleet.storage.protocol import Blob, Storage

__all__ = [
    "Blob",
    "BlobNotFoundError",
    "ContainerNotFoundError",
    "DirectoryStorage",
    "InvalidNameError",
    "Storage",
    "StorageError",
    "blob_path",
    "check_blob_name",
    "check_container_name",
    "container_path",
]
