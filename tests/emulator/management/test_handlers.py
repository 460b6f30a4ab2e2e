"""Application packages by the management API: items 146 and 147 of the fidelity checklist."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import requests
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import (
    HttpResponseError,
    ResourceNotFoundError,
)
from azure.mgmt.batch import BatchManagementClient

from runfleet.emulator.management.handlers import HANDLERS
from runfleet.emulator.tokens import (
    BATCH,
    EmulatorCredential,
    issue_token,
    read_account_key,
)
from runfleet.storage.packages import PackageFolder
from runfleet.wire.coverage import REFUSED_IN_MANAGEMENT
from runfleet.wire.management import OPERATIONS

LOCAL = ("group", "local")


def refused(call, *arguments, **options) -> tuple[int, str]:
    """Status and code of a refusal, as the SDK reads them."""
    with pytest.raises(HttpResponseError) as caught:
        call(*arguments, **options)
    assert caught.value.error is not None
    return caught.value.status_code, caught.value.error.code


def variable(application: str) -> str:
    """What tells a task where an application is."""
    return f"AZ_BATCH_APP_PACKAGE_{application.replace('-', '_')}"


def test_the_way_of_a_package(management, application, upload, account, package, sh):
    """Made, uploaded, activated, listed by Batch, installed on a node (item 146)."""
    names = (*LOCAL, application, "1.0-beta")
    made = management.application_package.create(*names)
    assert (made.name, made.state, made.format) == ("1.0-beta", "Pending", None)
    assert made.storage_url_expiry > datetime.now(UTC) + timedelta(hours=1)
    assert application not in {one.id for one in account.client.list_applications()}
    upload(made.storage_url, package("uploaded"))
    active = management.application_package.activate(*names, {"format": "zip"})
    assert (active.state, active.format) == ("Active", "zip")
    assert active.last_activation_time <= datetime.now(UTC)
    assert account.client.get_application(application).versions == ["1.0-beta"]
    job = account.job(account.pool(nodes=1))
    references = [{"applicationId": application, "version": "1.0-beta"}]
    account.run(
        job,
        "t",
        sh(f'"${variable(application)}_1_0_beta/bin/hello"'),
        applicationPackageReferences=references,
    )
    assert account.read(job, "t") == "uploaded\n"


def test_list_keys_gives_keys_that_shared_key_accepts(management, emulator):
    """Item 146."""
    keys = management.batch_account.get_keys(*LOCAL)
    for key in (keys.primary, keys.secondary):
        credential = AzureNamedKeyCredential(keys.account_name, key)
        with BatchClient(emulator.url, credential, connection_verify=emulator.ca_file) as client:
            list(client.list_pools())


def test_an_application_with_versions_is_not_deleted(management, application, add, package):
    """Item 147."""
    add(application, "1", package("one"))
    names = (*LOCAL, application)
    assert refused(management.application.delete, *names) == (409, "ApplicationHasPackages")
    management.application_package.delete(*names, "1")
    management.application.delete(*names)
    assert refused(management.application.get, *names) == (404, "ApplicationNotFound")


def test_what_is_said_about_an_application_is_kept(management, application, account, add, package):
    names = (*LOCAL, application)
    plain = management.application.get(*names)
    assert (plain.display_name, plain.allow_updates, plain.default_version) == (None, True, None)
    assert plain.id.endswith(f"/batchAccounts/local/applications/{application}")
    said = {"properties": {"displayName": "A program", "allowUpdates": False}}
    changed = management.application.update(*names, said)
    assert (changed.display_name, changed.allow_updates) == ("A program", False)
    again = management.application.get(*LOCAL, application.upper())
    assert (again.name, again.display_name) == (application, "A program")
    add(application, "1", package("one"))
    assert account.client.get_application(application).display_name == "A program"


def test_the_default_version_is_what_users_say(management, application, account, add, package, sh):
    """Without one a version has to be named; when it is deleted there is none any more."""
    names = (*LOCAL, application)
    for version in ("1", "2"):
        add(application, version, package(f"version {version}"))
    job = account.job(account.pool(nodes=1))
    line = sh(f'"${variable(application)}/bin/hello"')
    task = {
        "id": "t",
        "commandLine": line,
        "applicationPackageReferences": [{"applicationId": application}],
    }
    response = account.send("POST", f"/jobs/{job}/tasks", task)
    assert account.code(response) == (409, "InvalidApplicationPackageReferences")
    default = {"properties": {"defaultVersion": "3"}}
    assert refused(management.application.update, *names, default) == (
        404,
        "ApplicationPackageNotFound",
    )
    management.application.update(*names, {"properties": {"defaultVersion": "1"}})
    account.run(job, "t", line, applicationPackageReferences=[{"applicationId": application}])
    assert account.read(job, "t") == "version 1\n"
    management.application_package.delete(*names, "1")
    assert management.application.get(*names).default_version is None


def test_versions_are_replaced_only_where_that_is_allowed(
    management, application, account, add, package, sh
):
    """Until the new one is activated, the old one is installed."""
    names = (*LOCAL, application)
    add(application, "1", package("old"))
    add(application, "1", package("new"))
    assert [one.state for one in management.application_package.list(*names)] == ["Active"]
    references = [{"applicationId": application, "version": "1"}]
    job = account.job(account.pool(nodes=1))
    line = sh(f'"${variable(application)}_1/bin/hello"')
    account.run(job, "t", line, applicationPackageReferences=references)
    assert account.read(job, "t") == "new\n"
    management.application.update(*names, {"properties": {"allowUpdates": False}})
    for call in (management.application_package.create, management.application_package.delete):
        assert refused(call, *names, "1") == (409, "ApplicationUpdatesNotAllowed")
    assert management.application_package.create(*names, "2").state == "Pending"


def test_what_was_uploaded_before_updates_were_forbidden_replaces_nothing(
    management, application, add, package, upload
):
    names = (*LOCAL, application)
    add(application, "1", package("old"))
    upload(management.application_package.create(*names, "1").storage_url, package("new"))
    management.application.update(*names, {"properties": {"allowUpdates": False}})
    activate = management.application_package.activate
    assert refused(activate, *names, "1", {"format": "zip"}) == (
        409,
        "ApplicationUpdatesNotAllowed",
    )


def test_lists_come_in_pages(management, application, add, package):
    """By nextLink, as many a page as one asks for."""
    for number in range(5):
        add(application, f"{number}", package("x"))
    pages = list(management.application_package.list(*LOCAL, application, maxresults=2).by_page())
    names = [[one.name for one in page] for page in pages]
    assert names == [["0", "1"], ["2", "3"], ["4"]]
    assert application in {one.name for one in management.application.list(*LOCAL, maxresults=1)}


def test_what_has_not_been_uploaded_is_not_activated(management, application):
    names = (*LOCAL, application, "1")
    management.application_package.create(*names)
    activate = management.application_package.activate
    assert refused(activate, *names, {"format": "zip"}) == (409, "ApplicationPackageBlobNotFound")
    assert refused(activate, *names, {"format": "rar"}) == (400, "InvalidPropertyValue")
    assert refused(activate, *names, {}) == (400, "MissingRequiredProperty")
    assert management.application_package.get(*names).state == "Pending"


def test_packages_of_the_command_line_are_seen_too(management, emulator, tmp_path):
    """They are in the same place."""
    (tmp_path / "program").write_text("x")
    PackageFolder(emulator.home / "emulator" / "packages").add("from-shell", "7", tmp_path)
    (version,) = management.application_package.list(*LOCAL, "from-shell")
    assert (version.name, version.state) == ("7", "Active")


def test_the_account_is_described(management, emulator):
    account = management.batch_account.get(*LOCAL)
    assert (account.name, account.pool_allocation_mode) == ("local", "BatchService")
    assert f"https://{account.account_endpoint}" == emulator.url
    assert account.id.endswith(
        "/resourceGroups/group/providers/Microsoft.Batch/batchAccounts/local"
    )
    assert [one.name for one in management.batch_account.list()] == ["local"]
    assert [one.name for one in management.batch_account.list_by_resource_group("g")] == ["local"]
    with pytest.raises(ResourceNotFoundError):
        management.batch_account.get("group", "another")


def test_auto_storage_is_linked(management):
    """Clients look for it before they upload anything."""
    storage = management.batch_account.get(*LOCAL).auto_storage
    assert storage.storage_account_id.endswith("/providers/Microsoft.Storage/storageAccounts/local")


def test_sizes_and_quotas_are_told(management):
    """Sizes with cores and memory; the account limits nothing."""
    sizes = {one.name: one for one in management.location.list_supported_virtual_machine_skus("x")}
    facts = {one.name: one.value for one in sizes["Standard_F4s_v2"].capabilities}
    assert facts == {"vCPUs": "4", "MemoryGB": "8"}
    assert management.location.get_quotas("x").account_quota == 1
    assert management.batch_account.get(*LOCAL).dedicated_core_quota > 1_000_000


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("batch_account.update", (*LOCAL, {})),
        ("batch_account.regenerate_key", (*LOCAL, {"keyName": "Primary"})),
        ("batch_account.synchronize_auto_storage_keys", LOCAL),
        ("location.check_name_availability", ("x", {"name": "n"})),
        ("pool.get", (*LOCAL, "p")),
        ("pool.create", (*LOCAL, "p", {})),
    ],
)
def test_what_is_not_there_says_why(management, operation, arguments):
    group, name = operation.split(".")
    call = getattr(getattr(management, group), name)
    assert refused(call, *arguments) == (501, "NotImplemented")


def test_every_operation_is_served_or_refused_with_a_reason():
    served, refused = HANDLERS.keys(), REFUSED_IN_MANAGEMENT.keys()
    assert served | refused == {operation.name for operation in OPERATIONS}
    assert not served & refused


def test_names_that_cannot_be_are_refused(management, application):
    create = management.application_package.create
    assert refused(create, *LOCAL, "none", "1") == (404, "ApplicationNotFound")
    assert refused(create, *LOCAL, application, "a%20b") == (400, "InvalidPropertyValue")
    with pytest.raises(ResourceNotFoundError):
        management.application_package.get(*LOCAL, application, "none")


def test_an_application_that_is_there_stays_what_it_is(management, application):
    """Its id keeps the case that was there first."""
    assert management.application.create(*LOCAL, application.lower()).name == application


def test_only_tokens_for_the_management_are_let_in(emulator):
    key = read_account_key(emulator.home / "emulator" / "key")
    url = f"{emulator.url}/subscriptions/s/providers/Microsoft.Batch/batchAccounts"

    def code(**headers: str) -> tuple[int, str]:
        answer = requests.get(
            url, params={"api-version": "2025-06-01"}, headers=headers, verify=emulator.ca_file
        )
        return answer.status_code, answer.json()["error"]["code"]

    assert code() == (401, "InvalidAuthenticationInfo")
    assert code(Authorization="SharedKey local:x") == (401, "InvalidAuthenticationInfo")
    token = issue_token(key, BATCH)
    assert code(Authorization=f"Bearer {token}") == (401, "AuthenticationFailed")


def test_an_older_api_version_is_served(emulator):
    """`az` brings one of its own."""
    with BatchManagementClient(
        EmulatorCredential(emulator.home),
        "s",
        base_url=emulator.url,
        api_version="2024-07-01",
        connection_verify=emulator.ca_file,
    ) as client:
        assert client.batch_account.get(*LOCAL).name == "local"
