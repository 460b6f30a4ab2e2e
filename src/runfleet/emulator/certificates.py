"""The certificate by which clients know the emulator over TLS."""

from __future__ import annotations

from pathlib import Path

from runfleet.storage.files import write_private, written_whole

_NAMES = ("127.0.0.1", "localhost", "::1")


def ensure_certificate(certificate: Path, ca_file: Path) -> None:
    """
    Make the emulator's certificate, unless it is there from an earlier start.

    The key of the authority that signs it is forgotten at once: nobody can make another one that
    those who trust this authority would accept.

    Parameters
    ----------
    certificate
        The emulator's private key, and its certificate for this machine's loopback addresses.
    ca_file
        The certificate of the authority, which clients have to trust.
    """
    if ca_file.exists():
        return
    # Most emulators do without it, and start faster.
    import trustme

    authority = trustme.CA(organization_name="runfleet emulator")
    issued = authority.issue_cert(*_NAMES, common_name=_NAMES[0])
    write_private(certificate, issued.private_key_and_cert_chain_pem.bytes())
    # Last, for its being there says that both are.
    with written_whole(ca_file) as partial:
        partial.write_bytes(authority.cert_pem.bytes())
