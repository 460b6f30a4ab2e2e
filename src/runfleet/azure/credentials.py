"""From logins to credentials, as the SDKs take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runfleet.azure.errors import AuthenticationError

if TYPE_CHECKING:
    from azure.core.credentials import AzureNamedKeyCredential, TokenCredential


def key_credential(account: str, key: str) -> AzureNamedKeyCredential:
    """Make the credential of an account and its key."""
    from azure.core.credentials import AzureNamedKeyCredential

    return AzureNamedKeyCredential(account, key)


def entra_credential() -> TokenCredential:
    """
    Make the credential of whoever is logged in here: by variables, managed identity or `az login`.

    Nothing is asked of anybody until the first request needs a token.
    """
    # Imported when it is needed: it takes longer than the rest of a short command.
    from azure.identity import DefaultAzureCredential

    return _Explained(DefaultAzureCredential())


class _Explained:
    """A token credential whose refusal is told in a line, and not in a page."""

    def __init__(self, credential: TokenCredential) -> None:
        self._credential = credential

    def get_token(self, *scopes: str, **options: Any) -> Any:
        from azure.core.exceptions import ClientAuthenticationError

        try:
            return self._credential.get_token(*scopes, **options)
        except ClientAuthenticationError as error:
            raise AuthenticationError(
                "nobody is logged in to Microsoft Entra on this machine",
                hint="`az login` logs you in; where nobody can, set AZURE_TENANT_ID, "
                "AZURE_CLIENT_ID and AZURE_CLIENT_SECRET of a service principal",
            ) from error
