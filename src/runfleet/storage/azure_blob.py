"""A storage account of Azure, or of Azurite."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from itertools import chain, groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import AzureError
from azure.storage.blob import BlobServiceClient, UserDelegationKey

from runfleet.patience import BackOff, Patience
from runfleet.storage.azure_errors import (
    NO_CONTAINER,
    NOT_THERE,
    cannot_read,
    code_of,
    reading,
    status_of,
    told_as,
    translated,
    writing,
)
from runfleet.storage.azure_retries import PatientRetry
from runfleet.storage.channel import Channel, WebError
from runfleet.storage.errors import (
    BlobNotFoundError,
    ContainerNotFoundError,
    StorageAccessError,
    StorageError,
)
from runfleet.storage.files import written_whole
from runfleet.storage.keys import KeyFormatError, check_key
from runfleet.storage.names import check_blob_name, check_container_name
from runfleet.storage.parallel import for_each
from runfleet.storage.protocol import Blob, OnBytes, unheard
from runfleet.storage.signatures import AccountKey, DelegationKey, Secret, Signatures
from runfleet.storage.signed_blobs import SignedBlobs, new_md5
from runfleet.storage.urls import blob_url, is_loopback, proxies_of, without_query

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.storage.blob import ContainerClient

log = logging.getLogger(__name__)

# Whether this machine has one is known soon. One that was there, in a container or at the other end
# of a tunnel, may come back as others do.
_LOCAL_BACK_OFF = BackOff(contact_patience=5.0)
_CALLED = "the storage account"
_READ, _WRITE = "rl", "rcwl"
_READ_BLOB, _WRITE_BLOB = "r", "rcw"
_EVERYTHING = "racwdl"
# The service refuses a signature whose letters are in any other order:
# https://learn.microsoft.com/rest/api/storageservices/create-service-sas#specify-permissions
_PERMISSIONS = "racwdxyltfmei"
_OWN_LIFE = timedelta(hours=12)
_OWN_REST = timedelta(hours=6)
_FEW_FOLDERS = 50  # to list each; a list of all has 5,000 blobs a page
_MOST_DELETIONS = 256  # in one batch
_FILES_AT_A_TIME = 16
_DELETING_SECONDS = 90.0
_DELETING_PAUSE = 3.0
_COPY_PAUSE = 0.1


class AzureBlob:
    """
    Containers of blobs in a storage account.

    What moves files goes by signed URLs and not through the SDK, which takes many times as long for
    small ones. All else is the SDK's.

    Parameters
    ----------
    account_url
        Of the blob service: `https://NAME.blob.core.windows.net`, as the account itself has it.
    credential
        A key of the account, alone or with the account's name; or a token credential, with which
        URLs are signed by a user delegation key and work for a week at most.
    back_off
        How long to wait for a service in trouble; None for what suits the URL.
    ca_file
        PEM file of the certificates to trust; None for the usual ones.

    Raises
    ------
    StorageError
        If the URL is none, or the credential cannot be used with it.
    """

    def __init__(
        self,
        account_url: str,
        credential: str | AzureNamedKeyCredential | TokenCredential,
        *,
        back_off: BackOff | None = None,
        ca_file: str | None = None,
    ) -> None:
        local = is_loopback(account_url)
        patience = Patience(back_off or (_LOCAL_BACK_OFF if local else BackOff()), log)
        self._client = _connect(account_url, credential, patience, ca_file)
        self._is_closed = False
        self.account_url = without_query(str(self._client.url)).rstrip("/")
        self.account_name = str(self._client.account_name or _account_of(self.account_url))
        self._signatures = Signatures(
            self.account_name,
            self._secret(credential),
            https_only=self.account_url.startswith("https:"),
        )
        channel = Channel(patience=patience, called=_CALLED, ca_file=ca_file, to_account=True)
        self._blobs = SignedBlobs(channel)
        self._lock = threading.Lock()
        self._own_urls: dict[str, tuple[str, float]] = {}

    def close(self) -> None:
        """Give back the connections: it is not used any more."""
        self._is_closed = True
        self._client.close()
        self._blobs.close()

    @property
    def _service(self) -> BlobServiceClient:
        self._demand_open()
        return self._client

    def _demand_open(self) -> None:
        if self._is_closed:
            raise StorageError(
                f"the connection to storage account `{self.account_name}` has been closed",
                hint="connect again, or close it later",
            )

    @classmethod
    def from_connection_string(cls, text: str) -> Self:
        """
        Open the account of a connection string, as the portal and Azurite show them.

        Raises
        ------
        StorageError
            If it lacks something; the message does not repeat it.
        """
        try:
            service = BlobServiceClient.from_connection_string(text)
        except ValueError as error:
            raise _bad_connection_string() from error
        key = getattr(service.credential, "account_key", None)
        if not key:
            raise _bad_connection_string()
        named = AzureNamedKeyCredential(service.credential.account_name, key)
        return cls(str(service.url), named)

    def __repr__(self) -> str:
        return f"AzureBlob({self.account_url!r})"

    @property
    def place(self) -> str:
        """Where it is: the URL of the account."""
        return self.account_url

    @property
    def is_remote(self) -> bool:
        """True: each request waits for its answer."""
        return True

    def create_container(self, container: str) -> None:
        """Make a container; one that is there already is left alone."""
        client = self._container(container)
        deadline = time.monotonic() + _DELETING_SECONDS
        while True:
            try:
                client.create_container()
                return
            except AzureError as error:
                code = code_of(error)
                if code == "ContainerAlreadyExists":
                    return
                # A container is deleted in the background, and takes its name with it.
                if code != "ContainerBeingDeleted" or time.monotonic() > deadline:
                    raise translated(error, f"container `{container}` cannot be made") from error
            time.sleep(_DELETING_PAUSE)

    def list_containers(self) -> Iterator[str]:
        """List the names of the containers, sorted."""
        try:
            for container in self._service.list_containers():
                yield str(container.name)
        except AzureError as error:
            what = f"the containers of storage account `{self.account_name}` cannot be listed"
            raise translated(error, what) from error

    def delete_container(self, container: str) -> None:
        """Delete a container with all its blobs; one that is not there is no error."""
        client = self._container(container)
        try:
            client.delete_container()
        except AzureError as error:
            if code_of(error) not in NO_CONTAINER:
                raise translated(error, f"container `{container}` cannot be deleted") from error

    def put_file(
        self,
        container: str,
        blob: str,
        path: Path | str,
        *,
        sha256: str | None = None,
        on_bytes: OnBytes = unheard,
    ) -> None:
        """Write the content of a file as a blob, in place of any blob of that name."""
        url = self._own_url(container, blob)
        with writing(container, blob):
            self._blobs.upload(str(path), url, sha256=sha256, on_bytes=on_bytes)

    def put_bytes(self, container: str, blob: str, content: bytes) -> None:
        """Write a blob, in place of any blob of that name."""
        url = self._own_url(container, blob)
        with writing(container, blob):
            self._blobs.put(url, content)

    def replace_bytes(
        self, container: str, blob: str, content: bytes, *, instead_of: bytes | None
    ) -> bool:
        """Write a blob unless somebody else has written it meanwhile; tells whether it is."""
        url = self._own_url(container, blob)
        try:
            with writing(container, blob):
                return self._blobs.replace(url, content, instead_of)
        except BlobNotFoundError:
            return False

    def get_bytes(
        self, container: str, blob: str, *, offset: int = 0, length: int | None = None
    ) -> bytes:
        """Read a blob, or a part of it; raises `BlobNotFoundError`."""
        url = self._own_url(container, blob)
        with reading(container, blob):
            return self._blobs.get(url, offset=offset, length=length)

    def get_file(
        self, container: str, blob: str, path: Path | str, *, on_bytes: OnBytes = unheard
    ) -> None:
        """Copy a blob to a file, whose folder is made if need be; raises `BlobNotFoundError`."""
        url = self._own_url(container, blob)
        with reading(container, blob), written_whole(Path(path)) as partial:
            self._blobs.download(url, str(partial), on_bytes=on_bytes)

    def put_files(
        self,
        container: str,
        files: Iterable[tuple[Path | str, str]],
        *,
        sha256: Mapping[str, str] | None = None,
        on_bytes: OnBytes = unheard,
    ) -> None:
        """Write the content of many files as blobs, several at a time."""
        hashes = sha256 or {}

        def put(file: tuple[Path | str, str]) -> None:
            path, blob = file
            self.put_file(container, blob, path, sha256=hashes.get(blob), on_bytes=on_bytes)

        for_each(files, put, threads=_FILES_AT_A_TIME)

    def get_files(
        self,
        container: str,
        files: Iterable[tuple[Blob, Path | str]],
        *,
        on_bytes: OnBytes = unheard,
    ) -> None:
        """Copy many blobs, as listed, to files, several at a time; raises `BlobNotFoundError`."""

        def get(file: tuple[Blob, Path | str]) -> None:
            blob, path = file
            url = self._own_url(container, blob.name)
            os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
            with told_as(cannot_read(container, blob.name), container, blob.name):
                self._blobs.download(url, os.fspath(path), size=blob.size, on_bytes=on_bytes)

        for_each(files, get, threads=_FILES_AT_A_TIME)

    def has_content(self, container: str, blob: Blob, path: Path | str) -> bool:
        """Tell whether a blob, as listed, has the content of a file, by its MD5."""
        del container
        if blob.md5 is None or blob.size != os.stat(path).st_size:
            return False
        with open(path, "rb") as file:
            return hashlib.file_digest(file, new_md5).digest() == blob.md5

    def copy_blob(self, container: str, blob: str, to_container: str, to_blob: str) -> None:
        """Copy a blob within the account, in place of any blob there; the service does it."""
        source = self._own_url(container, blob)
        check_blob_name(to_blob, windows=False)
        target = self._container(to_container).get_blob_client(to_blob)
        what = f"blob `{blob}` of container `{container}` cannot be copied"
        try:
            state = target.start_copy_from_url(source)["copy_status"]
            while state == "pending":
                time.sleep(_COPY_PAUSE)
                state = target.get_blob_properties().copy.status or ""
        except AzureError as error:
            if code_of(error) == "ContainerNotFound":
                raise ContainerNotFoundError(to_container) from error
            if status_of(error) == NOT_THERE:
                raise BlobNotFoundError(container, blob) from error
            raise translated(error, what) from error
        if state != "success":
            raise StorageError(f"{what}: its copy has ended as `{state}`")

    def exists(self, container: str, blob: str) -> bool:
        """Tell whether there is such a blob."""
        url = self._own_url(container, blob)
        with reading(container, blob):
            return self._blobs.exists(url)

    def delete_blob(self, container: str, blob: str) -> None:
        """Delete a blob; one that is not there is no error."""
        url = self._own_url(container, blob)
        try:
            self._blobs.delete(url)
        except WebError as error:
            if error.status != NOT_THERE:
                what = f"blob `{blob}` of container `{container}` cannot be deleted"
                raise translated(error, what) from error

    def delete_prefix(self, container: str, prefix: str) -> None:
        """Delete all blobs whose names begin with the prefix."""
        client = self._container(container)
        pages = self._pages(container, prefix)
        listed = (blob.name for blob in chain.from_iterable(pages))
        while names := list(islice(listed, _MOST_DELETIONS)):
            _delete(client, names)

    def list_blobs(self, container: str, prefix: str = "") -> Iterator[Blob]:
        """List the blobs whose names begin with the prefix, sorted by name, as a stream."""
        pages = self._pages(container, prefix)
        blobs = chain(next(pages), chain.from_iterable(pages))
        return (blob for blob in blobs if not blob.is_folder_mark)

    def list_folders(
        self, container: str, parent: str, folders: Collection[str]
    ) -> Iterator[tuple[str, list[Blob]]]:
        """List the blobs in some of the folders of a folder: few by few, or all with one list."""
        if len(folders) <= _FEW_FOLDERS:
            for name in folders:
                yield name, list(self.list_blobs(container, f"{parent}{name}/"))
            return
        missing = set(folders)
        for name, blobs in groupby(self.list_blobs(container, parent), partial(_folder_of, parent)):
            if name in missing:
                missing.remove(name)
                yield name, list(blobs)
        yield from ((name, []) for name in missing)

    def blob_url(self, container: str, blob: str, *, life: timedelta, write: bool = False) -> str:
        """Give a signed URL of a blob; raises `LifeTooLongError`, see `LONGEST_DELEGATED_LIFE`."""
        permissions = _WRITE_BLOB if write else _READ_BLOB
        return self.signed_url(container, blob, permissions=permissions, life=life)

    def container_url(self, container: str, *, life: timedelta, write: bool = False) -> str:
        """Give a signed URL of a container; see `blob_url`."""
        return self.signed_url(container, permissions=_WRITE if write else _READ, life=life)

    def signed_url(
        self, container: str, blob: str | None = None, *, permissions: str, life: timedelta
    ) -> str:
        """
        Give a URL of a container or of a blob that allows just what is asked for.

        Parameters
        ----------
        container, blob
            Which one; they need not be there yet.
        permissions
            Azure's letters: `r`ead, `a`dd, `c`reate, `w`rite, `d`elete, `l`ist (of a container) ...
        life
            How long the URL has to work.

        Raises
        ------
        LifeTooLongError
            If it would have to work longer than it can, see `LONGEST_DELEGATED_LIFE`.
        StorageError
            If there is no such permission.
        """
        check_container_name(container)
        ordered = _in_azures_order(permissions)
        plain = f"{self.account_url}/{container}"
        if blob is None:
            return f"{plain}?{self._signatures.of_container(container, ordered, life)}"
        check_blob_name(blob, windows=False)
        return f"{blob_url(plain, blob)}?{self._signatures.of_blob(container, blob, ordered, life)}"

    def _secret(self, credential: str | AzureNamedKeyCredential | TokenCredential) -> Secret:
        if isinstance(credential, str):
            return AccountKey(self._checked_key(credential))
        if isinstance(credential, AzureNamedKeyCredential):
            return AccountKey(self._checked_key(credential.named_key.key))
        return DelegationKey(self._delegation_key)

    def _checked_key(self, key: str) -> str:
        try:
            check_key(key, f"storage account `{self.account_name}`")
        except KeyFormatError as error:
            raise StorageAccessError(error.message, hint=error.hint) from error
        return key

    def _delegation_key(self, start: datetime, expiry: datetime) -> UserDelegationKey:
        try:
            return self._service.get_user_delegation_key(start, expiry)
        except AzureError as error:
            what = f"storage account `{self.account_name}` gives no key to sign URLs with"
            raise translated(error, what) from error

    def _container(self, container: str) -> ContainerClient:
        check_container_name(container)
        return self._service.get_container_client(container)

    def _own_url(self, container: str, blob: str) -> str:
        check_blob_name(blob, windows=False)
        return blob_url(self._own_container_url(container), blob)

    def _own_container_url(self, container: str) -> str:
        """A URL for what this object does itself, signed anew now and then."""
        self._demand_open()
        with self._lock:
            url, until = self._own_urls.get(container, ("", 0.0))
            if time.monotonic() > until:
                url = self.signed_url(container, permissions=_EVERYTHING, life=_OWN_LIFE)
                until = time.monotonic() + _OWN_REST.total_seconds()
                self._own_urls[container] = url, until
            return url

    def _pages(self, container: str, prefix: str) -> Iterator[list[Blob]]:
        url = self._own_container_url(container)
        with told_as(f"container `{container}` cannot be listed", container):
            yield from self._blobs.list(url, prefix)


def _connect(
    account_url: str,
    credential: str | AzureNamedKeyCredential | TokenCredential,
    patience: Patience,
    ca_file: str | None,
) -> BlobServiceClient:
    if urlsplit(account_url).scheme not in ("http", "https"):
        raise StorageError(
            f"`{without_query(account_url)}` is no URL of a storage account",
            hint="take the account's blob endpoint, as `https://NAME.blob.core.windows.net`",
        )
    try:
        return BlobServiceClient(
            account_url,
            credential,
            retry_policy=PatientRetry(patience, _CALLED),
            connection_verify=ca_file or True,
            proxies=proxies_of(account_url),
        )
    except ValueError as error:
        raise StorageError(
            f"storage account `{without_query(account_url)}` cannot be opened: {error}",
            hint="give the key with the account's name; identities need an `https` URL",
        ) from error


def _account_of(account_url: str) -> str:
    parts = urlsplit(account_url)
    return parts.path.strip("/") or (parts.hostname or "").split(".")[0]


def _folder_of(parent: str, blob: Blob) -> str:
    return blob.name[len(parent) :].partition("/")[0]


def _in_azures_order(permissions: str) -> str:
    unknown = set(permissions) - set(_PERMISSIONS)
    if unknown or not permissions:
        raise StorageError(
            f"`{permissions}` are no permissions for a signed URL",
            hint=f"take letters of `{_PERMISSIONS}`, such as `rl` to read and list",
        )
    return "".join(letter for letter in _PERMISSIONS if letter in permissions)


def _bad_connection_string() -> StorageError:
    return StorageError(
        "the connection string of the storage account lacks its name or its key",
        hint="copy it from the portal, `Access keys`: "
        "`DefaultEndpointsProtocol=https;AccountName=...;AccountKey=...;EndpointSuffix=...`",
    )


def _delete(client: ContainerClient, names: list[str]) -> None:
    what = f"blobs of container `{client.container_name}` cannot be deleted"
    try:
        answers = list(client.delete_blobs(*names, raise_on_any_failure=False))
    except AzureError as error:
        raise translated(error, what) from error
    refused = [answer for answer in answers if answer.status_code not in (202, NOT_THERE)]
    if refused:
        raise StorageError(f"{len(refused)} {what}: {refused[0].status_code} {refused[0].reason}")
