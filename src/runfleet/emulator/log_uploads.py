"""Uploads of node logs that clients wait for: each in a thread, as the server may take its time."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from runfleet.agent.cancellation import Cancellation
from runfleet.agent.folders import make_node
from runfleet.emulator.service_logs import LogUpload, upload_logs
from runfleet.wire.errors import WireError

_AT_A_TIME = 4


class LogUploads:
    """
    Uploads logs in threads of its own: all else goes on while a server is silent.

    A thread that waits for a server cannot be woken.  An upload that nobody wants any more is left
    to itself, and tries no second time.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_AT_A_TIME, "log uploads")
        self._under_way: set[asyncio.Future[int]] = set()
        self._is_stopped = False

    async def upload(self, asked: LogUpload) -> int:
        """
        Upload lines of a node's logs, and count the files that this takes.

        Raises
        ------
        WireError
            If the container takes none, or the emulator ends.
        """
        make_node(str(asked.node_root))
        cancellation = Cancellation()
        with TemporaryDirectory(dir=asked.node_root / "volatile") as folder:
            upload = asyncio.get_running_loop().run_in_executor(
                self._threads, upload_logs, asked, Path(folder), cancellation
            )
            try:
                return await self._result(upload)
            finally:
                # From now on nothing is written to the folder.
                cancellation.cancel()

    def stop(self) -> None:
        """Leave all uploads to themselves: the emulator ends."""
        self._is_stopped = True
        for upload in self._under_way:
            upload.cancel()

    async def _result(self, upload: asyncio.Future[int]) -> int:
        self._under_way.add(upload)
        try:
            return await upload
        except asyncio.CancelledError:
            if self._is_stopped:
                raise WireError("ServerBusy") from None
            raise
        finally:
            self._under_way.discard(upload)
