"""The folder in which runfleet keeps what it has to remember, and what is where in it."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple


def runfleet_home() -> Path:
    """
    Find the folder: `RUNFLEET_HOME` of the environment, or else the platform's place for it.

    It need not be there yet.
    """
    chosen = os.environ.get("RUNFLEET_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    # Imported late: the agent and the emulator are told the folder.
    from platformdirs import user_data_path

    return user_data_path("runfleet", appauthor=False)


def advice_on_foreign(error: OSError, home: Path) -> str | None:
    """Advise on a file below a home folder that may not be used, if a folder is why."""
    if not isinstance(error, PermissionError) or error.filename is None:
        return None
    parents = reversed(Path(os.fsdecode(error.filename)).parents)
    above = [one for one in parents if one.is_relative_to(home)]
    if above and not os.path.isdir(home):
        return "set RUNFLEET_HOME to a folder that you may write to"
    folders = (one for one in above if os.path.isdir(one))
    closed = next((one for one in folders if not os.access(one, os.W_OK | os.X_OK)), None)
    if closed is None:
        return None
    return f"`{closed}` is another user's, it seems; set RUNFLEET_HOME to a folder of your own"


# No dataclasses, which take a millisecond to make: the agent starts with these.
class AgentFolders(NamedTuple):
    """
    What the node agent keeps beside the nodes; none of it need be there yet.

    Parameters
    ----------
    state
        The emulator's own folder, the only one that the agent is told.
    """

    state: Path

    @property
    def lock(self) -> Path:
        """Held by the running agent."""
        return self.state / "agent.lock"

    @property
    def journal(self) -> Path:
        """What it noted of executions that ended."""
        return self.state / "agent.journal"

    @property
    def trash(self) -> Path:
        """What is to be deleted."""
        return self.state / "trash"

    @property
    def partial(self) -> Path:
        """What is being fetched."""
        return self.state / "partial"

    @property
    def launchers(self) -> Path:
        """The programs that tasks on several nodes find in place of `ssh`."""
        return self.state / "bin"

    @property
    def logins(self) -> Path:
        """The socket at which those programs ask the agent."""
        return self.state / "logins"

    @property
    def wine(self) -> Path:
        """What Wine takes for a Windows machine."""
        return self.state / "wine"

    @property
    def wine_draft(self) -> Path:
        """The same while it is being made."""
        return self.state / "wine.partial"


class StudiesFolder(NamedTuple):
    """
    What this machine remembers of the studies of an account.

    Parameters
    ----------
    path
        The folder, which need not be there yet.
    """

    path: Path

    @property
    def hashes(self) -> Path:
        """The hashes of input files."""
        return self.path / "hashes.json"

    def lock(self, study: str) -> Path:
        """Held by whoever submits a study."""
        return self.path / f"{study}.lock"

    def origin(self, study: str) -> Path:
        """Which file a study was submitted from; for `*` the pattern of all of them."""
        return self.path / f"{study}.file"


class Folders(NamedTuple):
    """
    The files and folders below one home folder; none need be there yet.

    Parameters
    ----------
    home
        The folder that holds everything runfleet keeps.
    """

    home: Path

    @property
    def accounts(self) -> Path:
        """The accounts that users have named."""
        return self.home / "accounts.yaml"

    @property
    def accounts_lock(self) -> Path:
        """Held by whoever edits them."""
        return self.home / ".accounts.lock"

    @property
    def errors(self) -> Path:
        """What went wrong in runfleet itself."""
        return self.home / "errors.txt"

    def studies(self, account: str) -> StudiesFolder:
        """What this machine remembers of the studies of an account."""
        return StudiesFolder(self.home / "studies" / account)

    @property
    def storage(self) -> Path:
        """The auto-storage account, unless another one is linked: a folder a container."""
        return self.home / "storage"

    @property
    def state(self) -> Path:
        """The emulator's own folder."""
        return self.home / "emulator"

    def make_state(self) -> None:
        """
        Make the emulator's own folder, or find it; nobody else may look into it from then on.

        What tasks are given is in many a file there: environments, and URLs with signatures.

        Raises
        ------
        OSError
            If it cannot be made.
        """
        self.state.mkdir(parents=True, exist_ok=True)
        # It stays as it is where it is somebody else's, or its file system knows no owners.
        with suppress(PermissionError):
            self.state.chmod(stat.S_IRWXU)

    @property
    def linked_storage(self) -> Path:
        """The connection string of the storage account that is linked."""
        return self.state / "auto-storage"

    @property
    def packages(self) -> Path:
        """The application packages of the emulator."""
        return self.state / "packages"

    @property
    def endpoint(self) -> Path:
        """Where clients learn the address of the running emulator."""
        return self.state / "endpoint.json"

    @property
    def last_url(self) -> Path:
        """Where the last emulator was, which the next one takes again if it can."""
        return self.state / "last-url"

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
    def agent(self) -> AgentFolders:
        """What the node agent keeps there."""
        return AgentFolders(self.state)

    @property
    def log(self) -> Path:
        """What the emulator writes about itself, unless it does so on a terminal."""
        return self.state / "log.txt"

    @property
    def faults(self) -> Path:
        """The faults that an emulator is given as a list."""
        return self.state / "faults.yaml"

    @property
    def nodes(self) -> Path:
        """The virtual nodes, a folder each."""
        return self.state / "nodes"
