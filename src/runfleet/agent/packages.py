"""Application packages: zip files that are unpacked on a node, once."""

from __future__ import annotations

import os
import shutil
import stat
import threading
import zipfile
from collections import defaultdict

from runfleet.agent.failures import ExecutionError, from_os_error
from runfleet.agent.messages import PackageToInstall

_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


def install(package: PackageToInstall) -> None:
    """
    Unpack a package into its folder, unless that is there: the whole of it, or nothing.

    Raises
    ------
    ExecutionError
        If the archive is not there, is no sound zip file or would write outside its folder.
    """
    with _locks[package.folder]:
        if os.path.isdir(package.folder):
            return
        try:
            _install(package)
        except OSError as error:
            raise from_os_error(error, "ApplicationPackageError", **_place(package)) from error
        except (
            zipfile.BadZipFile,
            RuntimeError,
            NotImplementedError,
            ValueError,
            EOFError,
        ) as error:
            reason = str(error)
            raise ExecutionError(
                "ApplicationPackageError", **_place(package), Message=reason
            ) from error


def _install(package: PackageToInstall) -> None:
    partial = package.folder + ".partial"
    shutil.rmtree(partial, ignore_errors=True)
    os.makedirs(partial)
    try:
        with zipfile.ZipFile(package.archive) as archive:
            for member in archive.infolist():
                _unpack(archive, member, partial)
        os.rename(partial, package.folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: str) -> None:
    target = _inside(folder, member.filename)
    mode = member.external_attr >> 16
    if member.is_dir():
        os.makedirs(target, exist_ok=True)
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if stat.S_ISLNK(mode):
        _unpack_link(archive.read(member).decode(), target, folder)
        return
    with archive.open(member) as source, open(target, "xb") as file:
        shutil.copyfileobj(source, file, 1 << 20)
    if permissions := stat.S_IMODE(mode) & 0o777:
        os.chmod(target, permissions | stat.S_IRUSR | stat.S_IWUSR)


def _unpack_link(destination: str, target: str, folder: str) -> None:
    beside = os.path.join(os.path.dirname(os.path.relpath(target, folder)), destination)
    _inside(folder, beside)
    os.symlink(destination, target)


def _inside(folder: str, name: str) -> str:
    path = os.path.normpath(os.path.join(folder, name))
    if not path.startswith(folder + "/") and path != folder:
        raise ValueError(f"`{name}` lies outside the package")
    return path


def _place(package: PackageToInstall) -> dict[str, str]:
    return {"Package": package.archive, "Folder": package.folder}
