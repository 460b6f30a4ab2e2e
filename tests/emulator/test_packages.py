"""Application packages from the emulator's own folder."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from runfleet.storage.packages import PackageFolder


@pytest.fixture(scope="module")
def packages(emulator, tmp_path_factory):
    """Two versions of a program."""
    folder = PackageFolder(emulator.home / "emulator" / "packages")
    for version in ("1.0", "2.0-beta"):
        source = tmp_path_factory.mktemp("program")
        program = source / "bin" / "hello"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\necho hello from {version}\n")
        program.chmod(0o755)
        folder.add("My-App", version, source)
    return folder


def reference(version=None, application_id="My-App"):
    return {"applicationId": application_id, **({"version": version} if version else {})}


def test_a_package_of_a_pool(account, packages, sh):
    """Found by both spellings of its variable (item 136)."""
    pool = account.pool(nodes=1, applicationPackageReferences=[reference("1.0")])
    job = account.job(pool)
    line = sh(
        '"$AZ_BATCH_APP_PACKAGE_My_App_1_0/bin/hello"; "$AZ_BATCH_APP_PACKAGE_my_app_1_0/bin/hello"'
    )
    account.run(job, "t", line)
    assert account.read(job, "t") == "hello from 1.0\n" * 2


def test_a_pool_may_name_a_package_by_its_full_id(account, packages):
    full = (
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Batch/batchAccounts/a/applications/"
    )
    pool = account.pool(nodes=1, applicationPackageReferences=[reference("1.0", full + "my-app")])
    assert account.run(account.job(pool), "t")["executionInfo"]["result"] == "success"


def test_a_package_of_a_task(account, job, packages, sh):
    line = sh('"$AZ_BATCH_APP_PACKAGE_My_App_2_0_beta/bin/hello"')
    account.run(job, "t", line, applicationPackageReferences=[reference("2.0-beta")])
    assert account.read(job, "t") == "hello from 2.0-beta\n"


def test_the_default_version_has_a_variable_without_version(account, job, packages, sh):
    line = sh('"$AZ_BATCH_APP_PACKAGE_My_App/bin/hello"')
    account.run(job, "t", line, applicationPackageReferences=[reference()])
    assert account.read(job, "t") == "hello from 2.0-beta\n"


def test_a_package_referred_to_in_another_case(account, job, packages, sh):
    line = sh('for name in My_App my_app MY_APP; do env | grep -c "PACKAGE_${name}_1_0="; done')
    account.run(job, "t", line, applicationPackageReferences=[reference("1.0", "MY-APP")])
    assert account.read(job, "t") == "1\n" * 3


@pytest.mark.parametrize("wrong", [reference("9"), reference(application_id="none")])
def test_an_unknown_package_is_refused(account, job, packages, pool_body, wrong):
    """Item 136."""
    references = {"applicationPackageReferences": [wrong]}
    response = account.send("POST", "/pools", pool_body("wrong", nodes=0) | references)
    assert account.code(response) == (409, "InvalidApplicationPackageReferences")
    task = {"id": "t", "commandLine": "true", **references}
    response = account.send("POST", f"/jobs/{job}/tasks", task)
    assert account.code(response) == (409, "InvalidApplicationPackageReferences")
    value = [task, {"id": "u", "commandLine": "true"}]
    results = account.send("POST", f"/jobs/{job}/addtaskcollection", {"value": value}).json()[
        "value"
    ]
    assert [one["status"].lower() for one in results] == ["clienterror", "success"]


def test_a_package_that_cannot_be_unpacked_fails_its_task(account, emulator, job, packages):
    broken = emulator.home / "emulator" / "packages" / "My-App" / "0.1.zip"
    broken.write_bytes(b"no archive")
    os.utime(broken, (0, timedelta(days=1).total_seconds()))
    references = [reference("0.1")]
    task = account.run(job, "broken", applicationPackageReferences=references)
    assert task["executionInfo"]["failureInfo"]["code"] == "ApplicationPackageError"


def test_applications_are_listed(account, client, packages):
    application = client.get_application("my-app")
    assert application.id == "My-App"
    assert {"1.0", "2.0-beta"} <= set(application.versions)
    assert [one.id for one in client.list_applications()] == ["My-App"]
    response = account.send("GET", "/applications/none")
    assert account.code(response) == (404, "ApplicationNotFound")
