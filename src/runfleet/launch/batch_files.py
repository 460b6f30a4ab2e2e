"""Batch files for Windows nodes, on their way there."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from runfleet.azure import ResourceFile
from runfleet.launch import names
from runfleet.storage import Storage


def stage_batch_file(
    storage: Storage, container: str, script: str, path: str, *, life: timedelta
) -> ResourceFile:
    """
    Put a batch file into the storage, under a name that tells its content.

    Parameters
    ----------
    storage, container
        Where it goes.
    script
        Its lines, which get the ends that `cmd` expects.
    path
        Where nodes put it, below the working folder of whoever fetches it.
    life
        How long they have to fetch it.

    Returns
    -------
    file
        What fetches it.
    """
    content = script.replace("\n", "\r\n").encode()
    blob = names.script_blob(hashlib.sha256(content).hexdigest())
    storage.put_bytes(container, blob, content)
    return ResourceFile(http_url=storage.blob_url(container, blob, life=life), file_path=path)
