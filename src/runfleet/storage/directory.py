"""A storage account that is a folder: containers are folders, blobs plain files."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import shutil
import stat
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from runfleet.errors import is_out_of_space
from runfleet.storage.errors import (
    BlobNotFoundError,
    ContainerNotFoundError,
    InvalidNameError,
    StorageError,
    demand_content,
    not_written,
)
from runfleet.storage.file_times import modification_time
from runfleet.storage.files import written_whole
from runfleet.storage.names import check_blob_name, check_container_name
from runfleet.storage.placing import copy_over, link, move, partial_path
from runfleet.storage.protocol import Blob, OnBytes, unheard
from runfleet.storage.urls import check_life

# No container can be called these, so what is being written or deleted is never listed.
_PARTIAL_FOLDER = ".partial"
_LOCK_FILE = ".lock"
_LEFTOVER_AGE = timedelta(days=1)
_SMALL_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 16
_BINARY = getattr(os, "O_BINARY", 0)  # only Windows would change line ends
_MAKE_ROOM = (
    "make room on that disk, and the same command goes on where it ended; or set RUNFLEET_HOME to "
    "a folder on another disk, and begin anew there"
)
_CLASHES = (NotADirectoryError, IsADirectoryError, FileExistsError)


class DirectoryStorage:
    """
    Containers of blobs as folders of files, for one machine.

    A blob is first written under another name and then moved into place, so that readers, also in
    other processes, see the old content or the new one. Files are copied, for a user may edit the
    original; only what nobody writes to any more is linked, by `adopt`.

    Parameters
    ----------
    root
        The folder of the account; made when the first container is.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root).resolve()
        self._root = os.fspath(self.root)

    def close(self) -> None:
        """Do nothing: no file stays open."""

    @property
    def place(self) -> str:
        """Where it is: the path of the folder."""
        return str(self.root)

    @property
    def is_remote(self) -> bool:
        """False: its files are on this machine."""
        return False

    def create_container(self, container: str) -> None:
        """Make a container; one that is there already is left alone."""
        self._container_folder(container).mkdir(parents=True, exist_ok=True)
        _delete_leftovers(self._partial_folder)

    def list_containers(self) -> Iterator[str]:
        """List the names of the containers, sorted."""
        for name, entry in _sorted_entries(os.fspath(self.root), ""):
            with contextlib.suppress(InvalidNameError):
                check_container_name(entry.name)
                if name.endswith("/"):
                    yield entry.name

    def delete_container(self, container: str) -> None:
        """Delete a container with all its blobs; one that is not there is no error."""
        folder = self._container_folder(container)
        if not folder.exists():
            return
        # Moved away first, so that nobody sees half a container.
        doomed = self._partial_path()
        try:
            folder.replace(doomed)
        except OSError as error:
            raise StorageError(
                f"container `{container}` cannot be deleted: {error.strerror}"
            ) from error
        shutil.rmtree(doomed, ignore_errors=True)

    def put_file(
        self,
        container: str,
        blob: str,
        path: Path | str,
        *,
        sha256: str | None = None,
        on_bytes: OnBytes = unheard,
    ) -> None:
        """Write the content of a file as a blob, in place of any blob of that name."""
        self._put(container, blob, lambda partial: _copy_file(path, partial, sha256, on_bytes))

    def put_bytes(self, container: str, blob: str, content: bytes) -> None:
        """Write a blob, in place of any blob of that name."""
        self._put(container, blob, lambda partial: _write(partial, content))

    def adopt(
        self,
        container: str,
        blob: str,
        path: str,
        *,
        is_settled: bool = True,
        largest_copy: int | None = None,
    ) -> bool:
        """
        Make a file a blob, by a link where that can be.

        Parameters
        ----------
        container, blob
            Which one; in place of any blob of that name.
        path
            Of the file, which stays where it is.
        is_settled
            Whether nobody writes to it any more: else it is not linked.
        largest_copy
            How many bytes may be copied where it cannot be linked; None for all.

        Returns
        -------
        done
            False, with nothing done, where more would have to be copied.

        Raises
        ------
        OSError
            As the system gives it: a node tells its kinds apart.
        """
        check_container_name(container)
        check_blob_name(blob)
        # Plain paths: this is done for each file of a run.
        folder = f"{self._root}/{container}"
        if not os.path.isdir(folder):
            raise ContainerNotFoundError(container)
        target, partial_folder = f"{folder}/{blob}", f"{self._root}/{_PARTIAL_FOLDER}"
        if is_settled and link(path, target, partial_folder):
            return True
        if largest_copy is not None and os.path.getsize(path) > largest_copy:
            return False
        copy_over(path, target, partial_folder)
        return True

    def replace_bytes(
        self, container: str, blob: str, content: bytes, *, instead_of: bytes | None
    ) -> bool:
        """Write a blob unless somebody else has written it meanwhile; tells whether it is."""
        # Imported late: the node agent, which starts with every emulator, replaces nothing.
        from filelock import FileLock

        try:
            with FileLock(self.root / _LOCK_FILE):
                if self._content(container, blob) != instead_of:
                    return False
                self.put_bytes(container, blob, content)
        except OSError as error:
            raise self._writing_error(container, blob, error) from error
        return True

    def get_bytes(
        self, container: str, blob: str, *, offset: int = 0, length: int | None = None
    ) -> bytes:
        """Read a blob, or a part of it; raises `BlobNotFoundError`."""
        try:
            with self._blob_file(container, blob).open("rb") as file:
                file.seek(offset)
                if length is None:
                    return file.read()
                # Room is made for all that is asked for, however little is there.
                return file.read(min(length, os.fstat(file.fileno()).st_size))
        except OSError as error:
            raise self._reading_error(container, blob, error) from error

    def get_file(
        self, container: str, blob: str, path: Path | str, *, on_bytes: OnBytes = unheard
    ) -> None:
        """Copy a blob to a file, whose folder is made if need be; raises `BlobNotFoundError`."""
        source = self._blob_file(container, blob)
        try:
            with written_whole(Path(path)) as partial:
                _copy(source, partial, on_bytes)
        except OSError as error:
            raise self._reading_error(container, blob, error) from error

    def put_files(
        self,
        container: str,
        files: Iterable[tuple[Path | str, str]],
        *,
        sha256: Mapping[str, str] | None = None,
        on_bytes: OnBytes = unheard,
    ) -> None:
        """Write the content of many files as blobs."""
        hashes = sha256 or {}
        for path, blob in files:
            self.put_file(container, blob, path, sha256=hashes.get(blob), on_bytes=on_bytes)

    def get_files(
        self,
        container: str,
        files: Iterable[tuple[Blob, Path | str]],
        *,
        on_bytes: OnBytes = unheard,
    ) -> None:
        """Copy many blobs, as listed, to files; raises `BlobNotFoundError`."""
        folder = os.fspath(self._container_folder(container))
        for blob, path in files:
            source = f"{folder}/{blob.name}"
            try:
                _copy_out(source, os.fspath(path), blob.size)
                on_bytes(blob.size)
            except OSError as error:
                if os.access(source, os.R_OK):
                    raise  # it is the file that cannot be written
                raise self._reading_error(container, blob.name, error) from error

    def has_content(self, container: str, blob: Blob, path: Path | str) -> bool:
        """Tell whether a blob, as listed, has the content of a file: both are read."""
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode) or status.st_size != blob.size:
            return False
        return _are_alike(self._blob_file(container, blob.name), path)

    def copy_blob(self, container: str, blob: str, to_container: str, to_blob: str) -> None:
        """Copy a blob within the account, in place of any blob there."""
        if not self.exists(container, blob):
            raise self._reading_error(container, blob, FileNotFoundError())
        self.put_file(to_container, to_blob, self._blob_file(container, blob))

    def exists(self, container: str, blob: str) -> bool:
        """Tell whether there is such a blob."""
        return self._blob_file(container, blob).is_file()

    def delete_blob(self, container: str, blob: str) -> None:
        """Delete a blob; one that is not there is no error."""
        path = self._blob_file(container, blob)
        if not path.is_file():
            return
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(
                f"blob `{blob}` of container `{container}` cannot be deleted: {error.strerror}"
            ) from error
        _delete_empty_folders(path.parent, self.root / container)

    def delete_prefix(self, container: str, prefix: str) -> None:
        """Delete all blobs whose names begin with the prefix."""
        for blob in self.list_blobs(container, prefix):
            self.delete_blob(container, blob.name)

    def list_blobs(self, container: str, prefix: str = "") -> Iterator[Blob]:
        """List the blobs whose names begin with the prefix, sorted by name, as a stream."""
        folder = self._present_folder(container)
        parent, slash, start = prefix.rpartition("/")
        if slash:
            check_blob_name(parent)
        return _walk(os.fspath(folder / parent), parent + slash, start)

    def list_folders(
        self, container: str, parent: str, folders: Collection[str]
    ) -> Iterator[tuple[str, list[Blob]]]:
        """List the blobs in some of the folders of a folder, one after the other."""
        # Plain paths: this is done for each run of a study.
        root = os.fspath(self._present_folder(container))
        for name in folders:
            place = parent + name
            check_blob_name(place)
            yield name, list(_walk(f"{root}/{place}", f"{place}/", ""))

    def blob_url(self, container: str, blob: str, *, life: timedelta, write: bool = False) -> str:
        """Give the `file://` URL of a blob, which works as long as the machine does."""
        check_life(life)
        del write
        return self._blob_file(container, blob).as_uri()

    def container_url(self, container: str, *, life: timedelta, write: bool = False) -> str:
        """Give the `file://` URL of a container, which works as long as the machine does."""
        check_life(life)
        del write
        return self._container_folder(container).as_uri()

    def _container_folder(self, container: str) -> Path:
        check_container_name(container)
        return self.root / container

    def _present_folder(self, container: str) -> Path:
        folder = self._container_folder(container)
        if not folder.is_dir():
            raise ContainerNotFoundError(container)
        return folder

    def _blob_file(self, container: str, blob: str) -> Path:
        check_blob_name(blob)
        return self._container_folder(container) / blob

    @functools.cached_property
    def _partial_folder(self) -> Path:
        folder = self.root / _PARTIAL_FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _partial_path(self) -> Path:
        return Path(partial_path(os.fspath(self._partial_folder)))

    def _content(self, container: str, blob: str) -> bytes | None:
        try:
            return self.get_bytes(container, blob)
        except BlobNotFoundError:
            return None

    def _put(self, container: str, blob: str, write: Callable[[Path], None]) -> None:
        target = self._blob_file(container, blob)
        if not (self.root / container).is_dir():
            raise ContainerNotFoundError(container)
        partial = self._partial_path()
        try:
            write(partial)
            move(os.fspath(partial), os.fspath(target))
        except OSError as error:
            raise self._writing_error(container, blob, error) from error
        finally:
            partial.unlink(missing_ok=True)

    def _writing_error(self, container: str, blob: str, error: OSError) -> StorageError:
        if is_out_of_space(error):
            # The system names the file that was to be copied, not the one that found no space.
            return StorageError(
                f"blob `{blob}` cannot be written to container `{container}`: there is no space "
                f"left in `{self.root}`",
                hint=_MAKE_ROOM,
            )
        told = not_written(container, blob, error)
        if told.hint is None and isinstance(error, _CLASHES):
            told.hint = "in a folder a blob cannot be called as the folder of another"
        return told

    def _reading_error(self, container: str, blob: str, error: OSError) -> StorageError:
        if not (self.root / container).is_dir():
            return ContainerNotFoundError(container)
        if not (self.root / container / blob).is_file():
            return BlobNotFoundError(container, blob)
        return StorageError(
            f"blob `{blob}` of container `{container}` cannot be read: "
            f"{error.strerror}: {error.filename}"
        )


def _copy(source: Path | str, target: Path, on_bytes: OnBytes) -> None:
    shutil.copyfile(source, target)
    on_bytes(target.stat().st_size)


def _copy_file(source: Path | str, target: Path, sha256: str | None, on_bytes: OnBytes) -> None:
    """Copy a file, which may be edited meanwhile: it is the copy that has to have the hash."""
    _copy(source, target, on_bytes)
    if sha256 is not None:
        with target.open("rb") as copy:
            demand_content(hashlib.file_digest(copy, "sha256"), sha256, source)


def _are_alike(one: Path | str, other: Path | str) -> bool:
    # Not by `filecmp`, which remembers what it has told of files of that size and time.
    with open(one, "rb") as first, open(other, "rb") as second:
        while piece := first.read(_CHUNK_BYTES):
            if piece != second.read(_CHUNK_BYTES):
                return False
        return not second.read(1)


def _copy_out(source: str, target: str, size: int) -> None:
    """Copy a blob without a look at the folder of the file, which is nearly always there."""
    copy = _copier(size)
    try:
        copy(source, target)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        copy(source, target)


def _copier(size: int) -> Callable[[str, str], object]:
    """Choose by size: most models say nothing on stderr, and their files are many."""
    if size == 0:
        return _make_empty
    return _copy_small if size <= _SMALL_BYTES else shutil.copyfile


def _make_empty(source: str, target: str) -> None:
    del source
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666))


def _copy_small(source: str, target: str) -> None:
    # A file object asks the system for more than the copying: this is done for each run.
    blob = os.open(source, os.O_RDONLY | _BINARY)
    try:
        file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, 0o666)
        try:
            while content := os.read(blob, _CHUNK_BYTES):
                while content := content[os.write(file, content) :]:
                    pass
        finally:
            os.close(file)
    finally:
        os.close(blob)


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _walk(folder: str, prefix: str, start: str) -> Iterator[Blob]:
    for name, entry in _sorted_entries(folder, start):
        if name.endswith("/"):
            yield from _walk(entry.path, prefix + name, "")
        elif blob := _blob_of(prefix + name, entry):
            yield blob


def _sorted_entries(folder: str, start: str) -> list[tuple[str, os.DirEntry[str]]]:
    """Sort a folder as the whole names of its blobs sort: a folder with its slash."""
    try:
        with os.scandir(folder) as entries:
            named = [
                (entry.name + "/" if entry.is_dir(follow_symlinks=False) else entry.name, entry)
                for entry in entries
                if entry.name.startswith(start) and not entry.is_symlink()
            ]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(named, key=lambda pair: pair[0])


def _blob_of(name: str, entry: os.DirEntry[str]) -> Blob | None:
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:  # deleted since the folder was read
        return None
    return Blob(name, status.st_size, modification_time(status))


def _delete_empty_folders(folder: Path, container: Path) -> None:
    """Delete a folder and its parents as long as they are empty: blobs have no folders."""
    while folder != container:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


def _delete_leftovers(folder: Path) -> None:
    """Delete what a process that was killed had begun to write or to delete."""
    oldest = time.time() - _LEFTOVER_AGE.total_seconds()
    for path in folder.iterdir():
        # What somebody else is writing may be in its place by now.
        with contextlib.suppress(FileNotFoundError):
            if path.lstat().st_mtime < oldest:
                _delete(path)


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
