"""Where the emulator keeps what."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import SplitResult, urlsplit


@dataclass(frozen=True, slots=True)
class Folders:
    """
    The files below one home folder.

    Parameters
    ----------
    home
        The folder that holds everything runfleet keeps; made if absent.
    """

    home: Path

    @property
    def state(self) -> Path:
        """The emulator's own folder."""
        return self.home / "emulator"

    @property
    def endpoint(self) -> Path:
        """Where clients learn the address of the running emulator."""
        return self.state / "endpoint.json"

    @property
    def last_url(self) -> Path:
        """Where the last emulator was, which the next one takes again if it can."""
        return self.state / "last-url"

    @property
    def last_port(self) -> int:
        """The port of the last emulator; 0 if there was none."""
        return self._last().port or 0

    @property
    def served_https(self) -> bool:
        """Whether the last emulator was reached by https."""
        return self._last().scheme == "https"

    @property
    def key(self) -> Path:
        """The account key, in base64."""
        return self.state / "key"

    @property
    def certificate(self) -> Path:
        """The emulator's private key and certificate for TLS."""
        return self.state / "tls" / "server.pem"

    @property
    def ca_file(self) -> Path:
        """What clients have to trust to reach the emulator over TLS."""
        return self.state / "tls" / "ca.pem"

    @property
    def ca_bundle(self) -> Path:
        """The same together with what else a client trusts."""
        return self.state / "tls" / "bundle.pem"

    @property
    def lock(self) -> Path:
        """Held by the running emulator."""
        return self.state / "lock"

    @property
    def database(self) -> Path:
        """The store."""
        return self.state / "state.db"

    @property
    def journal(self) -> Path:
        """What the node agent noted of executions that ended."""
        return self.state / "agent.journal"

    @property
    def log(self) -> Path:
        """What the emulator writes about itself, unless it does so on a terminal."""
        return self.state / "log.txt"

    @property
    def packages(self) -> Path:
        """The application packages."""
        return self.state / "packages"

    @property
    def storage(self) -> Path:
        """The auto-storage account: a folder a container."""
        return self.home / "storage"

    def node_root(self, node_id: str) -> Path:
        """The root folder of a virtual node, short because some programs bear no long paths."""
        return self.state / "nodes" / sha256(node_id.encode()).hexdigest()[:8]

    def _last(self) -> SplitResult:
        try:
            return urlsplit(self.last_url.read_text())
        except OSError:
            return urlsplit("")
