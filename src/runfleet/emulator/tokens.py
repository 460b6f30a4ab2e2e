"""Access tokens as Microsoft Entra gives them out, from an issuer on this machine."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runfleet.home import Folders
from runfleet.wire.errors import WireError

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, AccessTokenInfo

BATCH = "https://batch.core.windows.net/"
MANAGEMENT = "https://management.azure.com/"

# The resource manager has two names and does not mind a missing slash.
MANAGEMENT_AUDIENCES = tuple(
    f"https://management.{domain}{slash}"
    for domain in ("azure.com", "core.windows.net")
    for slash in ("/", "")
)

TENANT = "00000000-0000-4000-8000-000000000001"
"""The only one that there is."""

_ISSUER = "runfleet emulator"
_ALGORITHM = "HS256"
_LIFE = timedelta(hours=1)


def issue_token(account_key: bytes, audience: str = BATCH, life: timedelta = _LIFE) -> str:
    """
    Make a token that the emulator accepts.

    Parameters
    ----------
    account_key
        The emulator's, decoded; whoever has it may do everything anyway.
    audience
        What it is good for: `BATCH`, or `MANAGEMENT` for application packages.
    life
        How long it is good.

    Returns
    -------
    token
        A JSON Web Token (RFC 7519), as clients send it after `Bearer`.
    """
    # Imported when there is a token: few clients have one, and it takes long.
    import jwt

    now = datetime.now(UTC)
    claims = {"iss": _ISSUER, "aud": audience, "iat": now, "nbf": now, "exp": now + life}
    # `az` reads the tenant out of it.
    return jwt.encode({**claims, "tid": TENANT}, _signing_key(account_key), _ALGORITHM)


def check_token(token: str, account_key: bytes, audiences: tuple[str, ...] = (BATCH,)) -> None:
    """
    Refuse a token that was not issued here, not for this service, or too long ago.

    Raises
    ------
    WireError
        ``AuthenticationFailed``, or ``InvalidAuthenticationInfo`` for what is no token.
    """
    import jwt

    try:
        jwt.decode(
            token,
            _signing_key(account_key),
            [_ALGORITHM],
            audience=audiences,
            issuer=_ISSUER,
            options={"require": ["exp", "aud", "iss"]},
        )
    except jwt.InvalidAudienceError as error:
        raise _refused(
            "The access token has been obtained from wrong audience or resource "
            f"'{_audience(token)}'. It should exactly match (including forward slash) with one of "
            f"the allowed audiences '{', '.join(audiences)}'."
        ) from error
    except jwt.InvalidTokenError as error:
        if type(error) is jwt.DecodeError:  # it is none at all
            raise WireError("InvalidAuthenticationInfo") from error
        raise _refused(f"The access token is not valid: {error}.") from error


def identity_header(account_key: bytes) -> str:
    """What a program has to send to be given tokens by the emulator."""
    return base64.b64encode(hmac.digest(account_key, b"identity header", "sha256")).decode()


class EmulatorCredential:
    """
    A token credential of the Azure SDK, such as `azure.identity` has, for the emulator.

    The emulator has to serve https, for the SDK sends tokens over nothing else.

    Parameters
    ----------
    home
        The folder that holds the emulator, see `runfleet.home`; it has been started there once.

    Examples
    --------
    >>> client = BatchClient("https://127.0.0.1:8443", EmulatorCredential(runfleet_home()))
    """

    def __init__(self, home: Path | str) -> None:
        self._key = read_account_key(Folders(Path(home)).key)

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """Give a token for the first scope."""
        from azure.core.credentials import AccessToken

        info = self.get_token_info(*scopes)
        return AccessToken(info.token, info.expires_on)

    def get_token_info(self, *scopes: str, **_: Any) -> AccessTokenInfo:
        """Give a token for the first scope, as newer versions of the SDK ask for it."""
        from azure.core.credentials import AccessTokenInfo

        token = issue_token(self._key, scopes[0].removesuffix("/.default"))
        return AccessTokenInfo(token, int((datetime.now(UTC) + _LIFE).timestamp()))


def read_account_key(path: Path) -> bytes:
    """Read the emulator's account key, decoded."""
    return base64.b64decode(path.read_bytes())


def _signing_key(account_key: bytes) -> bytes:
    return hmac.digest(account_key, b"access tokens", "sha256")


def _audience(token: str) -> object:
    import jwt

    return jwt.decode(token, options={"verify_signature": False}).get("aud")


def _refused(reason: str) -> WireError:
    # Tokens are refused with 401 where signatures get 403, as the service was seen to do:
    # github.com/AzureAD/microsoft-authentication-library-for-js/issues/1735
    return WireError("AuthenticationFailed", {"AuthenticationErrorDetail": reason}, status=401)
