"""What time it is at a service."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime

from runfleet.azure.errors import ServiceUnavailableError
from runfleet.reasons import innermost
from runfleet.storage.urls import is_loopback

_SECONDS = 20
_HINT = "check the address, the network, and a proxy or firewall in between"
_TRUST_HINT = (
    "its certificate is not trusted: name a PEM file of its issuer with `runfleet account add "
    "--ca-file`"
)


def service_time(endpoint: str, *, ca_file: str | None = None) -> datetime | None:
    """
    Ask a service for its time; nobody has to be logged in for that.

    Parameters
    ----------
    endpoint
        Its URL.
    ca_file
        PEM file of the certificates to trust; None for the usual ones.

    Returns
    -------
    time
        None if it does not say.

    Raises
    ------
    ServiceUnavailableError
        If it cannot be reached.
    """
    from azure.core.exceptions import AzureError
    from azure.core.pipeline import Pipeline
    from azure.core.pipeline.transport import RequestsTransport
    from azure.core.rest import HttpRequest

    transport = RequestsTransport(
        connection_timeout=_SECONDS,
        read_timeout=_SECONDS,
        connection_verify=ca_file or True,
        use_env_settings=not is_loopback(endpoint),
    )
    try:
        with Pipeline(transport, []) as pipeline:
            answer = pipeline.run(HttpRequest("GET", f"{endpoint}/")).http_response
    except AzureError as error:
        trust = "CERTIFICATE_VERIFY_FAILED" in str(error)
        raise ServiceUnavailableError(
            f"{endpoint} cannot be reached: {innermost(error)}",
            hint=_TRUST_HINT if trust else _HINT,
        ) from error
    date = answer.headers.get("Date")
    return parsedate_to_datetime(date) if date else None
