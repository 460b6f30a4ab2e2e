"""Application packages: zip files that are unpacked on a node, once."""

from __future__ import annotations

import os
import shutil
import threading
from collections import defaultdict

from runfleet.agent.cancellation import Cancellation
from runfleet.agent.failures import ExecutionError, from_os_error
from runfleet.agent.messages import PackageToInstall
from runfleet.storage.archives import ArchiveError, unzip

_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


def install(package: PackageToInstall, cancellation: Cancellation) -> None:
    """
    Unpack a package into its folder, unless that is there: the whole of it, or nothing.

    Raises
    ------
    ExecutionError
        If the archive is not there, is no sound zip file or would write outside its folder.
    TransferCancelledError
        If nobody waits for it any more.
    """
    with _locks[package.folder]:
        if os.path.isdir(package.folder):
            return
        try:
            _install(package, cancellation)
        except OSError as error:
            raise from_os_error(error, "ApplicationPackageError", **_place(package)) from error
        except ArchiveError as error:
            raise ExecutionError(
                "ApplicationPackageError", **_place(package), Message=error.message
            ) from error


def _install(package: PackageToInstall, cancellation: Cancellation) -> None:
    partial = package.folder + ".partial"
    shutil.rmtree(partial, ignore_errors=True)
    # Who cancels may take the node away next, which must not be made again.
    with cancellation.if_wanted():
        os.makedirs(partial)
    try:
        unzip(package.archive, partial, check=cancellation.check)
        with cancellation.if_wanted():
            os.rename(partial, package.folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _place(package: PackageToInstall) -> dict[str, str]:
    return {"Package": package.archive, "Folder": package.folder}
