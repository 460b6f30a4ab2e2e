"""What the management plane answers about the account, applications and versions."""

from __future__ import annotations

from datetime import timedelta

from runfleet.batch.vm_sizes import MachineSize, service_spelling
from runfleet.emulator.applications import Application, Version
from runfleet.emulator.service import Service
from runfleet.wire.bodies import JsonObject
from runfleet.wire.management import (
    account_json,
    account_path,
    application_json,
    size_json,
    version_json,
    with_storage_url,
)
from runfleet.wire.requests import Request
from runfleet.wire.signed_urls import sign_upload

_STORAGE_URL_LIFE = timedelta(hours=4)


def account(service: Service, request: Request) -> JsonObject:
    """The account."""
    path = _account_path(service, request)
    return account_json(path, service.account, request.base, request.received)


def application(service: Service, request: Request, one: Application) -> JsonObject:
    """An application."""
    return application_json(
        f"{_account_path(service, request)}/applications/{one.application_id}",
        one.application_id,
        one.changed,
        display_name=one.display_name,
        allow_updates=one.allow_updates,
        default_version=one.default_version,
    )


def listed_version(service: Service, request: Request, one: Version) -> JsonObject:
    """A version as lists have it."""
    application_path = f"{_account_path(service, request)}/applications/{one.application_id}"
    return version_json(
        f"{application_path}/versions/{one.version}",
        one.version,
        one.changed,
        is_active=one.is_active,
        activated=one.activated,
    )


def version(service: Service, request: Request, one: Version) -> JsonObject:
    """A version, with the URL that it can be uploaded to from now on."""
    path = f"/storage/{one.application_id}/{one.version}"
    expires = request.received + _STORAGE_URL_LIFE
    url = sign_upload(request.base, path, service.key, expires=expires)
    return with_storage_url(listed_version(service, request, one), url, expires)


def size(one: MachineSize) -> JsonObject:
    """A size of machine."""
    return size_json(service_spelling(one.name), cores=one.cores, memory_gib=one.memory_gib)


def _account_path(service: Service, request: Request) -> str:
    return account_path(request.parameters, service.account)
