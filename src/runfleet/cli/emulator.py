"""`runfleet emulator`: the Batch service on this machine."""

from __future__ import annotations

import base64
import os
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, NoReturn
from urllib.parse import urlsplit

import typer

from runfleet.announcement import announced_holder, read_holder
from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import AsJson, DryRun, Yes
from runfleet.cli.ca_bundle import ca_bundle
from runfleet.cli.consent import agreed
from runfleet.cli.printer import Printer
from runfleet.cli.words import size_text
from runfleet.emulator.tokens import BATCH, MANAGEMENT, identity_header, issue_token
from runfleet.emulator_start import emulator_command
from runfleet.errors import RunfleetError
from runfleet.home import Folders, runfleet_home
from runfleet.launch.accounts.local import LOCAL
from runfleet.launch.emulator import (
    STORAGE_VARIABLE,
    Emulator,
    Endpoint,
    emulator_of,
    refuse_windows,
    way_to_end,
)
from runfleet.storage.auto_storage import (
    FOLDER,
    is_linked,
    link_auto_storage,
    open_auto_storage,
)

app = new_app("Start, stop and reset the Batch emulator on this machine.")

_PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 0.02
_START_SECONDS = 5.0


NodeDelay = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS", min=0, help="How long a node takes to come, and as long again to boot."
    ),
]
Tls = Annotated[bool, typer.Option("--tls", help="Serve https, with a certificate of its own.")]
StorageAccount = Annotated[
    str | None,
    typer.Option(
        metavar="CONNECTION_STRING",
        envvar=STORAGE_VARIABLE,
        show_envvar=False,
        help="Keep files in a storage account from now on, Azurite's or one of Azure; "
        f"`{FOLDER}`: here again. It holds a key, so say it by {STORAGE_VARIABLE}.",
    ),
]
Port = Annotated[
    int | None,
    typer.Option(
        metavar="PORT", min=1, max=65535, help="Where to listen; by default where it last did."
    ),
]
Faults = Annotated[
    Path | None, typer.Option(metavar="FILE", help="What shall go wrong: see docs/faults.md.")
]


@app.command(epilog=example("runfleet emulator start --detach"))
def start(
    detach: Annotated[
        bool, typer.Option("--detach", help="Leave it running in the background.")
    ] = False,
    node_delay: NodeDelay = None,
    tls: Tls = False,
    storage: StorageAccount = None,
    port: Port = None,
    faults: Faults = None,
) -> None:
    """
    Start the emulator, and show its log until Ctrl-C.

    Studies start it by themselves when they need it. In the background it ends itself after
    15 minutes without anything to do.
    """
    printer = Printer.standard()
    home = runfleet_home()
    checked = None if faults is None else _checked(faults)
    options = _options(node_delay=node_delay, tls=tls, port=port, faults=checked)
    if endpoint := Emulator(home).endpoint():
        stays = storage is None or is_linked(home, storage)
        is_as_wanted = node_delay is None and faults is None and stays
        if not (detach and is_as_wanted and _serves(endpoint, tls=tls, port=port)):
            raise RunfleetError(
                f"the emulator is running already, at {endpoint.url}",
                hint="`runfleet emulator stop` stops it",
            )
        printer.say("The emulator is running.")
    else:
        refuse_windows()
        if not detach:
            _become_emulator(home, options, storage)
        endpoint = _started(Emulator(home, options, storage=storage))
        printer.say("The emulator has been started.")
    printer.data(endpoint.url)


def _serves(endpoint: Endpoint, *, tls: bool, port: int | None) -> bool:
    """Tell whether an emulator that is running is reached as one asks for."""
    url = urlsplit(endpoint.url)
    return (url.scheme == "https" or not tls) and port in (None, url.port)


def _options(**chosen: float | bool | Path | None) -> list[str]:
    """Write the options of `python -m runfleet.emulator` that were chosen."""
    options = []
    for name, value in chosen.items():
        option = name.replace("_", "-")
        if isinstance(value, bool):
            options.append(f"--{option}" if value else f"--no-{option}")
        elif value is not None:
            options += [f"--{option}", str(value)]
    return options


def _checked(faults: Path) -> Path:
    """Find mistakes in a fault file here, and not in the log of an emulator that has ended."""
    from runfleet.faults.file import read_fault_file

    read_fault_file(faults)
    return faults.absolute()


@app.command(epilog=example("runfleet emulator stop"))
def stop() -> None:
    """Stop the emulator; what is running starts anew when it is started again."""
    printer = Printer.standard()
    if _stopped(runfleet_home()):
        printer.say("The emulator has been stopped.")
    else:
        printer.say("The emulator is not running.")


@app.command(epilog=example("runfleet emulator status"))
def status(as_json: AsJson = False) -> None:
    """Show whether the emulator is running, and where."""
    printer = Printer.standard()
    folders = Folders(runfleet_home())
    endpoint = Emulator(folders.home).endpoint()
    facts: dict[str, Any] = {
        "state": _state(folders, endpoint),
        "url": endpoint.url if endpoint else None,
        "account": endpoint.account if endpoint else None,
        "certificate": endpoint.ca_file if endpoint else None,
        "folder": str(folders.state),
        "storage": open_auto_storage(folders.home).place,
        "log": str(folders.log),
        "faults": list(endpoint.faults) if endpoint else [],
    }
    if as_json:
        printer.json(facts)
    else:
        shown = facts | {"faults": ", ".join(facts["faults"])}
        printer.facts((name.capitalize(), text) for name, text in shown.items() if text)


def _state(folders: Folders, endpoint: Endpoint | None) -> str:
    if endpoint:
        return "running"
    # On Windows no emulator runs.
    is_silent = sys.platform != "win32" and _is_held(folders)
    return "not answering" if is_silent else "stopped"


def _is_held(folders: Folders) -> bool:
    # It needs POSIX, and the rest of these commands, their help above all, does not.
    from runfleet.emulator.lock import is_held

    return is_held(folders.lock)


@app.command(
    epilog=example('eval "$(runfleet emulator env)"', 'eval "$(runfleet emulator env --tls)"')
)
def env(
    tls: Annotated[bool, typer.Option("--tls", help="Start it with https.")] = False,
    entra: Annotated[
        bool,
        typer.Option(
            "--entra", help="Have DefaultAzureCredential take its tokens from the emulator."
        ),
    ] = False,
) -> None:
    """
    Print shell exports that point other Batch clients, such as `az batch`, to the emulator.

    Starts the emulator if it is not running. If it serves https, REQUESTS_CA_BUNDLE is exported,
    too: a file of its certificate and of those that you trust already, as that variable says what
    Python programs trust instead of their own list.
    """
    printer = Printer.standard()
    folders = Folders(runfleet_home())
    storage = os.environ.get(STORAGE_VARIABLE)
    endpoint = _started(Emulator(folders.home, ["--tls"] if tls else (), storage=storage))
    if tls and not _serves(endpoint, tls=True, port=None):
        raise RunfleetError(
            f"the emulator is running without https, at {endpoint.url}",
            hint="`runfleet emulator stop` stops it; what is running starts anew",
        )
    variables = _key_variables(endpoint)
    if endpoint.ca_file:
        variables["REQUESTS_CA_BUNDLE"] = str(ca_bundle(folders, os.environ))
    if entra:
        variables |= _identity_variables(endpoint)
    for name, text in variables.items():
        printer.data(f"export {name}={shlex.quote(text)}")


def _key_variables(endpoint: Endpoint) -> dict[str, str]:
    """What `az batch` reads."""
    return {
        "AZURE_BATCH_ENDPOINT": endpoint.url,
        "AZURE_BATCH_ACCOUNT": endpoint.account,
        "AZURE_BATCH_ACCESS_KEY": endpoint.key,
    }


def _identity_variables(endpoint: Endpoint) -> dict[str, str]:
    """What `DefaultAzureCredential` reads on a machine of Azure."""
    return {
        "IDENTITY_ENDPOINT": f"{endpoint.url}/identity/token",
        "IDENTITY_HEADER": identity_header(base64.b64decode(endpoint.key)),
    }


@app.command(epilog=example('TOKEN="$(runfleet emulator token)"'))
def token(
    management: Annotated[
        bool, typer.Option("--management", help="For application packages, not for Batch itself.")
    ] = False,
    life: Annotated[int, typer.Option(metavar="MINUTES", min=1, help="How long it is good.")] = 60,
) -> None:
    """
    Print an access token for the emulator, as clients that log in with Microsoft Entra have one.

    They send it as `Authorization: Bearer TOKEN`, most of them only to https. Starts the emulator
    if it is not running.
    """
    endpoint = _started(emulator_of(runfleet_home()))
    audience = MANAGEMENT if management else BATCH
    key = base64.b64decode(endpoint.key)
    Printer.standard().data(issue_token(key, audience, timedelta(minutes=life)))


@app.command(epilog=example("runfleet emulator reset --yes"))
def reset(yes: Yes = False, dry_run: DryRun = False) -> None:
    """
    Stop the emulator, and delete all that it holds.

    That is its pools, jobs and tasks, its storage with all studies, and its application packages.
    Results that have been collected stay.
    """
    printer = Printer.standard()
    folders = Folders(runfleet_home())
    doomed = [folder for folder in (folders.state, folders.storage) if folder.exists()]
    if not doomed:
        printer.say("There is nothing to delete.")
        return
    printer.say("This deletes all pools, jobs, studies and application packages of the emulator:")
    for folder in doomed:
        printer.say(f"    {folder} ({size_text(_size_of(folder))})")
    if not is_linked(folders.home, FOLDER):
        place = open_auto_storage(folders.home).place
        printer.say(f"Files in the storage account {place} stay; it is linked no longer.")
    if agreed(printer, "Delete them?", yes=yes, dry_run=dry_run):
        printer.say("Deleting ...")
        _stopped(folders.home)
        # What is remembered of its studies goes without a word: their names are free again.
        _delete([*doomed, *filter(Path.exists, [folders.studies(LOCAL).path])])
        printer.say("The emulator has been reset.")


def _started(emulator: Emulator) -> Endpoint:
    emulator.begin()
    return emulator.wait()


def _become_emulator(home: Path, options: Sequence[str], storage: str | None) -> NoReturn:
    """Turn this process into the emulator, so that whatever ends it ends the emulator."""
    if storage is not None:
        link_auto_storage(home, storage)
    command = emulator_command(home, [*options, "--foreground", "--idle-exit", "0"])
    os.execv(sys.executable, command)  # noqa: S606


def _stopped(home: Path) -> bool:
    """Stop the emulator and wait until it has ended; False if it was not running."""
    folders = Folders(home)
    if not _is_held(folders):
        return False
    begun = time.monotonic()
    told = False
    while _is_held(folders):
        waited = time.monotonic() - begun
        # One that is still starting does not listen to signals yet.
        pid = announced_holder(folders.endpoint, folders.lock) or (
            waited > _START_SECONDS and read_holder(folders.lock)
        )
        if waited > _PATIENCE_SECONDS:
            raise RunfleetError(
                f"the emulator has not ended after {_PATIENCE_SECONDS:.0f} seconds",
                hint=way_to_end(pid) if pid else f"its log is `{folders.log}`",
            )
        told = told or _told_to_stop(pid or None)
        time.sleep(_PAUSE_SECONDS)
    return True


def _told_to_stop(pid: int | None) -> bool:
    if pid is None:
        return False
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return False
    return True


def _size_of(folder: Path) -> int:
    files = (Path(place) / name for place, _, names in os.walk(folder) for name in names)
    return sum(map(_file_size, files))


def _file_size(file: Path) -> int:
    """Tell how long a file is; 0 if a task has deleted it meanwhile."""
    try:
        return file.lstat().st_size
    except FileNotFoundError:
        return 0


def _delete(folders: Iterable[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder)
