"""The asynchronous client of azure-batch 15.1, unmodified."""

from __future__ import annotations

import asyncio
import contextlib
import signal

import pytest
from azure.batch import models
from azure.batch.aio import BatchClient
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import ResourceNotFoundError

TASKS = 130


def test_a_job_from_the_first_request_to_the_last(emulator, pool_body, sh):
    """Collections in parallel, pages, a download in parts, many requests at once, pollers."""
    asyncio.run(asyncio.wait_for(work(emulator, pool_body("async", slots=4), sh), 60))


async def work(emulator, pool, sh):
    credential = AzureNamedKeyCredential(emulator.account, emulator.key)
    async with BatchClient(emulator.url, credential) as client:
        await client.create_pool(pool)
        settings = [{"name": "SNOWMAN", "value": "☃"}]
        job = {"id": "j", "poolInfo": {"poolId": "async"}, "commonEnvironmentSettings": settings}
        await client.create_job(job)
        await client.create_tasks("j", [task(n, sh) for n in range(TASKS)], max_concurrency=4)
        while (await client.get_job_task_counts("j")).task_counts.completed < TASKS:
            await asyncio.sleep(0.05)
        succeeded = client.list_tasks("j", filter="executionInfo/exitCode eq 0", max_results=50)
        assert len([one async for one in succeeded]) == TASKS
        assert await read(client, "stdout.txt") == "☃ 7\n".encode()
        assert await read(client, "stdout.txt", ocp_range="bytes=4-") == b"7\n"
        await asyncio.gather(*(client.delete_task("j", f"t{n}") for n in range(20)))
        with pytest.raises(ResourceNotFoundError):
            await client.get_task("j", "t1")
        ended = await client.begin_terminate_job("j", {"terminateReason": "x"}, polling_interval=0)
        await ended.result()
        assert (await client.get_job("j")).state == models.BatchJobState.COMPLETED
        await (await client.begin_delete_job("j", polling_interval=0)).result()
        await (await client.begin_delete_pool("async", polling_interval=0)).result()


def task(number, sh):
    command = sh(f"echo $SNOWMAN {number}")
    return models.BatchTaskCreateOptions(id=f"t{number}", command_line=command)


async def read(client, path, **more):
    parts = await client.download_task_file("j", "t7", path, **more)
    return b"".join([part async for part in parts])


def test_a_pool_that_is_deleted_while_it_is_made_was_made(emulator, pool_body):
    """Both requests come in while the emulator stands still, and are done in one turn."""
    asyncio.run(asyncio.wait_for(make_and_delete(emulator, pool_body), 60))


async def make_and_delete(emulator, pool_body):
    credential = AzureNamedKeyCredential(emulator.account, emulator.key)
    async with BatchClient(emulator.url, credential) as client:
        for number in range(10):
            emulator.process.send_signal(signal.SIGSTOP)
            made = asyncio.create_task(client.create_pool(pool_body(f"gone-{number}", nodes=0)))
            await asyncio.sleep(0.02)
            deleted = asyncio.create_task(client.begin_delete_pool(f"gone-{number}"))
            await asyncio.sleep(0.02)
            emulator.process.send_signal(signal.SIGCONT)
            await made
            with contextlib.suppress(ResourceNotFoundError):  # it came first
                await deleted
