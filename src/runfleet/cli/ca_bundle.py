"""The certificates that other programs have to trust to reach the emulator over TLS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from runfleet.errors import RunfleetError
from runfleet.home import Folders
from runfleet.storage.files import written_whole

# As the library `requests` reads them, the first one found.
_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def ca_bundle(folders: Folders, environment: Mapping[str, str]) -> Path:
    """
    Write the certificates that a program trusts already, and the emulator's, into one file.

    `REQUESTS_CA_BUNDLE` replaces what a program trusts.  With the emulator's certificate alone in
    it, nothing else could be reached any more from the same shell.

    Parameters
    ----------
    folders
        Of the emulator, which has its certificate.
    environment
        Names the bundle that is in use; without one it is that of `certifi`, as for `requests`.

    Raises
    ------
    RunfleetError
        If the bundle in use cannot be read.
    """
    target = folders.ca_bundle
    variable, chosen = next(_chosen(environment), ("certifi", None))
    if chosen == target and target.exists():
        return target
    kept = _certificates(variable, chosen if chosen and chosen != target else _usual_bundle())
    with written_whole(target) as partial:
        partial.write_bytes(kept.rstrip(b"\n") + b"\n" + folders.ca_file.read_bytes())
    return target


def _chosen(environment: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    return ((name, Path(environment[name])) for name in _VARIABLES if environment.get(name))


def _usual_bundle() -> Path:
    import certifi

    return Path(certifi.where())


def _certificates(variable: str, path: Path) -> bytes:
    """The certificates of a file, or of all files of a folder, which `requests` takes too."""
    try:
        files = sorted(filter(Path.is_file, path.iterdir())) if path.is_dir() else [path]
        return b"\n".join(file.read_bytes() for file in files)
    except OSError as error:
        raise RunfleetError(
            f"the certificates that {variable} names cannot be read: {error.strerror}: `{path}`",
            hint=f"unset {variable}, or let it name a file of certificates",
        ) from error
