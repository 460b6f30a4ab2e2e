"""What the file of the Azure accounts may hold: how it is checked and completed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from runfleet.azure.account_settings import (
    AccountSettings,
    LoginKind,
    StorageSettings,
    account_of_endpoint,
    location_of_endpoint,
)
from runfleet.documents.errors import InvalidValueError
from runfleet.documents.form import Form
from runfleet.launch.accounts.local import LOCAL
from runfleet.storage.urls import is_loopback

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?|\[[0-9a-f:]+\](:\d+)?")


def checked_name(name: str) -> str:
    """
    Refuse what cannot name an account.

    Raises
    ------
    InvalidValueError
        If it is taken, or could not stand in the name of an environment variable.
    """
    if name == LOCAL:
        raise InvalidValueError(f"`{LOCAL}` is this machine", hint="take another name")
    if not _NAME.fullmatch(name):
        raise InvalidValueError(
            f"`{name}` cannot name an account",
            hint="take up to 32 small letters, digits and hyphens, a letter first",
        )
    return name


def checked_url(text: str) -> str:
    """
    Complete the address of an account.

    Raises
    ------
    InvalidValueError
        If it is none, if it brings a secret, or if keys would travel on it in the clear.
    """
    url = _plain_url(text)
    scheme, _, rest = url.partition("://")
    if scheme not in ("http", "https") or not _HOST.fullmatch(rest.partition("/")[0]):
        raise InvalidValueError(
            f"`{text}` is no address of an account",
            hint="it is shown by the Azure portal, as `https://NAME.REGION.batch.azure.com`",
        )
    if scheme == "http" and not is_loopback(url):
        raise InvalidValueError(
            f"`{text}` is not encrypted", hint="write `https://`; only this machine may do without"
        )
    return url


def _plain_url(text: str) -> str:
    """Complete a URL, and refuse a signed one: its query is a secret."""
    whole = text if "://" in text else f"https://{text}"
    plain, *rest = re.split(r"[?#]", whole, maxsplit=1)
    url = plain.rstrip("/")
    if rest:
        raise InvalidValueError(
            f"`{url}` is followed by what may be a secret, which is not kept here",
            hint=f"give `{url}` alone; `docs/azure.md` says where keys are kept",
        )
    return url


def checked_storage_url(text: str) -> str:
    """
    Complete the address of a storage account.

    Raises
    ------
    InvalidValueError
        If it is none, or only the account's name.
    """
    url = checked_url(text)
    parts = urlsplit(url)
    is_bare = "." not in parts.netloc and ":" not in parts.netloc and not parts.path
    if is_bare and not is_loopback(url):
        raise InvalidValueError(
            f"`{text}` is no address of a storage account",
            hint=f"write `{parts.netloc}.blob.core.windows.net`, if that is its name",
        )
    return url


def _login(value: object) -> object:
    try:
        return LoginKind(str(value))
    except ValueError:
        raise InvalidValueError(
            f"`{value}` is no way to log in", hint="write `key` or `entra`"
        ) from None


Name = Annotated[str, AfterValidator(checked_name)]
Url = Annotated[str, AfterValidator(checked_url)]
StorageUrl = Annotated[str, AfterValidator(checked_storage_url)]
Login = Annotated[LoginKind, BeforeValidator(_login)]


class StorageForm(Form):
    """A storage account; a bare text is its URL."""

    shorthands: ClassVar[Mapping[type, str]] = {str: "url"}

    url: StorageUrl = Field(
        description="The URL of its blobs: `https://NAME.blob.core.windows.net`."
    )
    login: Login | None = Field(None, description="`key` or `entra`; as for Batch if not given.")


class AccountForm(Form):
    """A Batch account."""

    endpoint: Url = Field(description="Its URL: `https://NAME.REGION.batch.azure.com`.")
    login: Login = Field(LoginKind.KEY, description="`key` or `entra`.")
    batch_account: str | None = Field(None, description="Its name, unless its URL begins with it.")
    storage: StorageForm = Field(description="The storage account of its studies.")
    subscription: str | None = Field(None, description="The id of its subscription.")
    resource_group: str | None = Field(None, description="Its resource group.")
    location: str | None = Field(None, description="Its region, unless its URL has it.")
    management: Url | None = Field(None, description="The management API, of another cloud.")
    ca_file: str | None = Field(None, description="Certificates to trust, a PEM file.")

    @model_validator(mode="after")
    def _check_name(self) -> AccountForm:
        if not self._batch_account:
            raise InvalidValueError(
                f"`{self.endpoint}` does not tell the name of the Batch account",
                hint="add `batch_account:`, its name (`--batch-account` of `account add`)",
            )
        return self

    @property
    def _batch_account(self) -> str:
        return self.batch_account or account_of_endpoint(self.endpoint) or ""

    def settings(self, name: str) -> AccountSettings:
        """Make the settings of the account that is called `name`."""
        return AccountSettings(
            name,
            self.endpoint,
            self.login,
            StorageSettings(self.storage.url, self.storage.login or self.login),
            self._batch_account,
            self.subscription,
            self.resource_group,
            self.location or location_of_endpoint(self.endpoint),
            self.ca_file,
            self.management,
        )


class AccountsForm(Form):
    """The file."""

    accounts: dict[Name, AccountForm] = Field({}, description="The accounts, by name.")

    def settings(self) -> list[AccountSettings]:
        """Make the settings of all accounts."""
        return [form.settings(name) for name, form in self.accounts.items()]
