"""Whether a Batch service listens at an address of this machine."""

from __future__ import annotations

import ssl
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit


def answers(url: str, ca_file: str | None, seconds: float) -> bool:
    """
    Tell whether a Batch service listens: after a crash the port may be somebody else's.

    Parameters
    ----------
    url
        Where.
    ca_file
        The certificate to trust for TLS; None where the URL is none of https.
    seconds
        For how long it may say nothing.

    Raises
    ------
    TimeoutError
        If whoever listens there says nothing.
    """
    try:
        connection = _connection(url, ca_file, seconds)
    except OSError:  # the certificate is gone
        return False
    try:
        connection.request("GET", "/")
        return connection.getresponse().getheader("DataServiceVersion") is not None
    except TimeoutError:
        raise
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _connection(url: str, ca_file: str | None, seconds: float) -> HTTPConnection:
    place = urlsplit(url).netloc
    if ca_file is None:
        return HTTPConnection(place, timeout=seconds)
    context = ssl.create_default_context(cafile=ca_file)
    return HTTPSConnection(place, timeout=seconds, context=context)
