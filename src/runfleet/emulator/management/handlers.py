"""One function an operation of the management plane."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from runfleet.batch.vm_sizes import common_sizes
from runfleet.emulator.applications import Application
from runfleet.emulator.management import shapes
from runfleet.emulator.service import Service
from runfleet.emulator.tokens import MANAGEMENT_AUDIENCES, TENANT
from runfleet.wire.management import (
    application_settings,
    check_activation,
    cloud_json,
    keys_json,
    list_json,
    quotas_json,
    respond,
    subscription_json,
)
from runfleet.wire.requests import Request
from runfleet.wire.responses import Response

Handler = Callable[[Service, Request], Response]

_SUBSCRIPTION = "00000000-0000-4000-8000-000000000002"


def describe_cloud(_service: Service, request: Request) -> Response:
    """Say where the parts of this cloud are: all here."""
    return respond(request, cloud_json(request.base, MANAGEMENT_AUDIENCES))


def list_subscriptions(_service: Service, request: Request) -> Response:
    """List the subscriptions: any would do, and one is named."""
    item = subscription_json(_SUBSCRIPTION, TENANT)
    return respond(request, list_json(request, [(_SUBSCRIPTION, item)]))


def get_subscription(_service: Service, request: Request) -> Response:
    """Describe a subscription."""
    return respond(request, subscription_json(request.parameters["subscription_id"], TENANT))


def list_accounts(service: Service, request: Request) -> Response:
    """List the accounts of a subscription or of a resource group: there is one."""
    account = shapes.account(service, request)
    return respond(request, list_json(request, [(account["id"], account)]))


def get_account(service: Service, request: Request) -> Response:
    """Describe the account."""
    return respond(request, shapes.account(service, request))


def list_keys(service: Service, request: Request) -> Response:
    """Give the keys that sign requests."""
    return respond(request, keys_json(service.account, service.key))


def list_applications(service: Service, request: Request) -> Response:
    """List the applications."""
    known = service.applications.all()
    items = ((one.application_id, shapes.application(service, request, one)) for one in known)
    return respond(request, list_json(request, items))


def create_application(service: Service, request: Request) -> Response:
    """Make an application, or replace what is said about it."""
    application_id = request.parameters["application_id"]
    known = service.applications.find(application_id)
    fresh = Application(known.application_id if known else application_id, request.received)
    return _say(service, request, fresh)


def get_application(service: Service, request: Request) -> Response:
    """Describe an application."""
    application = service.applications.get(request.parameters["application_id"])
    return respond(request, shapes.application(service, request, application))


def update_application(service: Service, request: Request) -> Response:
    """Change what is said about an application."""
    known = service.applications.get(request.parameters["application_id"])
    return _say(service, request, known)


def _say(service: Service, request: Request, known: Application) -> Response:
    wanted = replace(known, **application_settings(request.body))
    application = service.applications.put(wanted)
    return respond(request, shapes.application(service, request, application))


def delete_application(service: Service, request: Request) -> Response:
    """Delete an application."""
    service.applications.delete(request.parameters["application_id"])
    return respond(request)


def list_versions(service: Service, request: Request) -> Response:
    """List the versions of an application."""
    versions = service.applications.versions(request.parameters["application_id"])
    items = ((one.version, shapes.listed_version(service, request, one)) for one in versions)
    return respond(request, list_json(request, items))


def create_version(service: Service, request: Request) -> Response:
    """Make a version, and say where it is to be uploaded."""
    version = service.applications.create_version(*_names(request))
    return respond(request, shapes.version(service, request, version))


def get_version(service: Service, request: Request) -> Response:
    """Describe a version."""
    version = service.applications.version(*_names(request))
    return respond(request, shapes.version(service, request, version))


def activate_version(service: Service, request: Request) -> Response:
    """Let nodes install what has been uploaded for a version."""
    check_activation(request.body)
    version = service.applications.activate(*_names(request))
    return respond(request, shapes.version(service, request, version))


def delete_version(service: Service, request: Request) -> Response:
    """Delete a version."""
    service.applications.delete_version(*_names(request))
    return respond(request)


def get_quotas(_service: Service, request: Request) -> Response:
    """Say how many accounts there may be."""
    return respond(request, quotas_json())


def list_sizes(_service: Service, request: Request) -> Response:
    """List common sizes of machines; the nodes here are of any size that pools ask for."""
    sizes = sorted(common_sizes(), key=lambda size: size.name)
    items = ((size.name, shapes.size(size)) for size in sizes)
    return respond(request, list_json(request, items))


def _names(request: Request) -> tuple[str, str]:
    return request.parameters["application_id"], request.parameters["version"]


HANDLERS: Mapping[str, Handler] = {
    "describe_cloud": describe_cloud,
    "list_subscriptions": list_subscriptions,
    "get_subscription": get_subscription,
    "list_accounts": list_accounts,
    "list_accounts_of_group": list_accounts,
    "get_account": get_account,
    "list_keys": list_keys,
    "list_applications": list_applications,
    "create_application": create_application,
    "get_application": get_application,
    "update_application": update_application,
    "delete_application": delete_application,
    "list_versions": list_versions,
    "create_version": create_version,
    "get_version": get_version,
    "delete_version": delete_version,
    "activate_version": activate_version,
    "get_quotas": get_quotas,
    "list_sizes": list_sizes,
}
