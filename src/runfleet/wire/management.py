"""The management plane: what Azure Resource Manager knows of a Batch account, as JSON."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Required

import orjson
from typing_extensions import TypedDict

from runfleet.batch.errors import BatchRuleError
from runfleet.wire import fields
from runfleet.wire.bodies import JsonObject, read_body
from runfleet.wire.conditions import etag, http_date
from runfleet.wire.errors import ERRORS, error_status, invalid_property
from runfleet.wire.operations import Operation
from runfleet.wire.paging import next_link, read_list_query, select_page
from runfleet.wire.requests import Request
from runfleet.wire.responses import Response
from runfleet.wire.router import tree_of
from runfleet.wire.values import time_text

_SUBSCRIPTION = "/subscriptions/{subscription_id}"
_GROUP = _SUBSCRIPTION + "/resourcegroups/{group}"
_ACCOUNTS = "/providers/microsoft.batch/batchaccounts"
ACCOUNT = _GROUP + _ACCOUNTS + "/{account}"
_APPLICATION = ACCOUNT + "/applications/{application_id}"
_VERSION = _APPLICATION + "/versions/{version}"
_POOL = ACCOUNT + "/pools/{pool_id}"
_LOCATION = _SUBSCRIPTION + "/providers/microsoft.batch/locations/{location}"

DESCRIBE_CLOUD = Operation("describe_cloud", "GET", "/metadata/endpoints")
"""The only operation for which nobody has to be logged in."""

OPERATIONS = (
    DESCRIBE_CLOUD,
    Operation("list_subscriptions", "GET", "/subscriptions"),
    Operation("get_subscription", "GET", _SUBSCRIPTION),
    Operation("list_accounts", "GET", _SUBSCRIPTION + _ACCOUNTS),
    Operation("list_accounts_of_group", "GET", _GROUP + _ACCOUNTS),
    Operation("get_account", "GET", ACCOUNT),
    Operation("create_account", "PUT", ACCOUNT),
    Operation("update_account", "PATCH", ACCOUNT),
    Operation("delete_account", "DELETE", ACCOUNT),
    Operation("list_keys", "POST", ACCOUNT + "/listkeys"),
    Operation("regenerate_key", "POST", ACCOUNT + "/regeneratekeys"),
    Operation("synchronize_auto_storage_keys", "POST", ACCOUNT + "/syncautostoragekeys", 204),
    Operation("list_applications", "GET", ACCOUNT + "/applications"),
    Operation("create_application", "PUT", _APPLICATION),
    Operation("get_application", "GET", _APPLICATION),
    Operation("update_application", "PATCH", _APPLICATION),
    Operation("delete_application", "DELETE", _APPLICATION),
    Operation("list_versions", "GET", _APPLICATION + "/versions"),
    Operation("create_version", "PUT", _VERSION),
    Operation("get_version", "GET", _VERSION),
    Operation("delete_version", "DELETE", _VERSION),
    Operation("activate_version", "POST", _VERSION + "/activate"),
    Operation("list_pools", "GET", ACCOUNT + "/pools"),
    Operation("create_pool", "PUT", _POOL),
    Operation("get_pool", "GET", _POOL),
    Operation("update_pool", "PATCH", _POOL),
    Operation("delete_pool", "DELETE", _POOL),
    Operation("get_quotas", "GET", _LOCATION + "/quotas"),
    Operation("list_sizes", "GET", _LOCATION + "/virtualmachineskus"),
    Operation("check_name_availability", "POST", _LOCATION + "/checknameavailability"),
)

TREE = tree_of(OPERATIONS)

# Quotas have to be numbers.
_NO_LIMIT = 2**31 - 1


class ApplicationProperties(TypedDict, total=False):
    """What may be said about an application."""

    displayName: str
    allowUpdates: bool
    defaultVersion: str


class ApplicationBody(TypedDict, total=False):
    """The body that makes or changes an application."""

    properties: ApplicationProperties


class ActivateBody(TypedDict, total=False):
    """The body that activates a version."""

    format: Required[str]


_SETTINGS = {
    "displayName": "display_name",
    "allowUpdates": "allow_updates",
    "defaultVersion": "default_version",
}


def application_settings(body: bytes) -> Mapping[str, Any]:
    """
    What a request says about an application, by the words of its record; it may say nothing.

    Raises
    ------
    WireError
        If it is wrong in itself.
    """
    asked = read_body(ApplicationBody, body) if body else ApplicationBody()
    said: Mapping[str, Any] = asked.get("properties", {})
    return {ours: said[name] for name, ours in _SETTINGS.items() if name in said}


def check_activation(body: bytes) -> None:
    """Refuse to activate what is no zip file."""
    asked = read_body(ActivateBody, body)
    if asked["format"].lower() != "zip":
        raise invalid_property("format", asked["format"], "packages are zip files")


def cloud_json(base: str, audiences: Sequence[str]) -> JsonObject:
    """What `az cloud register` wants to know of a cloud whose resource manager is at `base`."""
    return {
        "name": "runfleet",
        "resourceManager": base,
        "batch": "https://batch.core.windows.net/",
        "graphAudience": "https://graph.windows.net/",
        "authentication": {
            "loginEndpoint": "https://login.microsoftonline.com",
            "audiences": list(audiences),
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "suffixes": {"storage": "core.windows.net"},
    }


def subscription_json(subscription_id: str, tenant: str) -> JsonObject:
    """A subscription."""
    return {
        "id": f"/subscriptions/{subscription_id}",
        "subscriptionId": subscription_id,
        "tenantId": tenant,
        "displayName": "runfleet emulator",
        "state": "Enabled",
    }


def account_json(account_id: str, name: str, base: str, now: datetime) -> JsonObject:
    """
    The account; it limits nothing, so its quotas are as large as can be written.

    Parameters
    ----------
    account_id
        Its path.
    name
        Its name.
    base
        Where it is reached; the plane tells only host and port of it.
    now
        Until when the keys of its auto storage are known to be right.
    """
    storage = account_id.partition("/providers/")[0] + "/providers/Microsoft.Storage"
    return {
        "id": account_id,
        "name": name,
        "type": "Microsoft.Batch/batchAccounts",
        "location": "local",
        "properties": {
            "accountEndpoint": base.partition("://")[2],
            "provisioningState": "Succeeded",
            "poolAllocationMode": "BatchService",
            "publicNetworkAccess": "Disabled",
            "dedicatedCoreQuota": _NO_LIMIT,
            "lowPriorityCoreQuota": _NO_LIMIT,
            "poolQuota": _NO_LIMIT,
            "activeJobAndJobScheduleQuota": _NO_LIMIT,
            "dedicatedCoreQuotaPerVMFamilyEnforced": False,
            "allowedAuthenticationModes": ["SharedKey", "AAD"],
            "autoStorage": {
                "storageAccountId": f"{storage}/storageAccounts/{name}",
                "authenticationMode": "StorageKeys",
                "lastKeySync": time_text(now),
            },
        },
    }


def account_path(parameters: Mapping[str, str], account: str) -> str:
    """The path of the account; a list over all resource groups names one that is as good as any."""
    return (
        f"/subscriptions/{parameters['subscription_id']}"
        f"/resourceGroups/{parameters.get('group', account)}"
        f"/providers/Microsoft.Batch/batchAccounts/{account}"
    )


def keys_json(account: str, key: bytes) -> JsonObject:
    """The account's keys: there is only one, which counts as both."""
    text = base64.b64encode(key).decode()
    return {"accountName": account, "primary": text, "secondary": text}


def quotas_json() -> JsonObject:
    """How many accounts a subscription may have in a region."""
    return {"accountQuota": 1}


def size_json(name: str, *, cores: int, memory_gib: float) -> JsonObject:
    """A size of virtual machine; it is of no family, as there are no quotas of families."""
    facts = {"vCPUs": f"{cores}", "MemoryGB": f"{memory_gib:g}"}
    return {"name": name, "capabilities": [{"name": k, "value": v} for k, v in facts.items()]}


def application_json(
    path: str,
    name: str,
    changed: datetime,
    *,
    display_name: str | None,
    allow_updates: bool,
    default_version: str | None,
) -> JsonObject:
    """An application; what nobody has said is left out."""
    properties = {
        "displayName": display_name,
        "allowUpdates": allow_updates,
        "defaultVersion": default_version,
    }
    kind = "Microsoft.Batch/batchAccounts/applications"
    return _resource(path, name, kind, changed, properties)


def version_json(
    path: str, name: str, changed: datetime, *, is_active: bool, activated: datetime | None
) -> JsonObject:
    """A version as lists have it."""
    properties = {
        "state": "Active" if is_active else "Pending",
        "format": "zip" if activated else None,
        "lastActivationTime": activated and time_text(activated),
    }
    kind = "Microsoft.Batch/batchAccounts/applications/versions"
    return _resource(path, name, kind, changed, properties)


def with_storage_url(version: JsonObject, url: str, expires: datetime) -> JsonObject:
    """A version as it is answered alone: with a URL that it can be uploaded to."""
    upload = {"storageUrl": url, "storageUrlExpiry": time_text(expires)}
    return {**version, "properties": {**version["properties"], **upload}}


def list_json(request: Request, items: Iterable[tuple[str, JsonObject]]) -> JsonObject:
    """A page of a list; items come with their keys, in ascending order of them."""
    page = select_page(items, read_list_query(request, fields.UNFILTERED))
    shape: JsonObject = {"value": page.items}
    if page.after:
        shape["nextLink"] = next_link(request, page.after)
    return shape


def respond(request: Request, content: Mapping[str, Any] | None = None) -> Response:
    """Answer that an operation succeeded."""
    headers = {"ETag": content["etag"]} if content and "etag" in content else {}
    return _response(request, request.operation.status, content, headers)


def respond_error(request: Request, error: BatchRuleError) -> Response:
    """Answer that a request was refused."""
    reasons = "".join(f"\n{name}: {value}" for name, value in error.details.items())
    message = f"{ERRORS[error.code].message}{reasons}\nRequestId:{request.request_id}"
    content = {"error": {"code": error.code, "message": message, "target": "BatchAccount"}}
    return _response(request, error_status(error), content, {})


def _resource(
    path: str, name: str, kind: str, changed: datetime, properties: Mapping[str, object]
) -> JsonObject:
    return {
        "id": path,
        "name": name,
        "type": kind,
        "etag": f'W/"{etag(changed)}"',
        "properties": {key: value for key, value in properties.items() if value is not None},
    }


def _response(
    request: Request, status: int, content: Mapping[str, Any] | None, headers: Mapping[str, str]
) -> Response:
    body = b"" if content is None else orjson.dumps(content)
    standard = {
        "x-ms-request-id": request.request_id,
        "Date": http_date(request.received),
        "Content-Type": "application/json; charset=utf-8",
        "Content-Length": str(len(body)),
    }
    return Response(status, {**standard, **headers}, body)
