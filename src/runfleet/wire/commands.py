"""Command lines with their files, environment and packages, in every kind of task."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from runfleet.batch.specs import ApplicationPackageReference, CommandSpec, ResourceFile
from runfleet.wire import models
from runfleet.wire.bodies import JsonObject
from runfleet.wire.errors import invalid_property, missing_property

_AUTO_USER = {"scope": "pool", "elevationLevel": "nonadmin"}
_FILE_MODE = re.compile("(0o?)?[0-7]{1,4}")
_SOURCES = ("httpUrl", "storageContainerUrl", "autoStorageContainerName")


Command = (
    models.BatchTaskCreateOptions
    | models.BatchStartTask
    | models.BatchJobPreparationTask
    | models.BatchJobReleaseTask
)


def check_command(command: Command) -> None:
    """Refuse wrong resource files, and two users at once to run under."""
    check_files("resourceFiles", command.get("resourceFiles", ()))
    if len(command.get("userIdentity", {})) > 1:
        reason = "a user identity has either username or autoUser"
        raise invalid_property("userIdentity", "username, autoUser", reason)


def with_defaults(defaults: Mapping[str, Any], command: Mapping[str, Any]) -> JsonObject:
    """Fill in what a client left out of a command, and of the user that it runs under."""
    user = command.get("userIdentity", {})
    if "username" not in user:
        user = {"autoUser": {**_AUTO_USER, **user.get("autoUser", {})}}
    return {**defaults, **command, "userIdentity": user}


def check_files(member: str, files: Sequence[models.ResourceFile]) -> None:
    """Refuse files of a member without a source, with two, or without a place to go."""
    for file in files:
        sources = [name for name in _SOURCES if name in file]
        if len(sources) != 1:
            reason = f"a resource file needs exactly one of {', '.join(_SOURCES)}"
            raise invalid_property(member, ", ".join(sources), reason)
        if sources[0] == "httpUrl":
            _check_single(file)
        if not _FILE_MODE.fullmatch(file.get("fileMode", "0")):
            raise invalid_property("fileMode", file["fileMode"], "must be an octal number")


def _check_single(file: models.ResourceFile) -> None:
    if not file.get("filePath"):
        raise missing_property("filePath")
    if file.get("blobPrefix"):
        # "valid only when autoStorageContainerName or storageContainerUrl is used" (azure-batch).
        reason = "goes with autoStorageContainerName or storageContainerUrl, not with httpUrl"
        raise invalid_property("blobPrefix", file["blobPrefix"], reason)


def command_spec(command: Command) -> CommandSpec:
    """What the node has to do for a command that has been checked."""
    return CommandSpec(
        command_line=command["commandLine"],
        resource_files=resource_files(command.get("resourceFiles", ())),
        environment=environment(command.get("environmentSettings", ())),
        user_name=command.get("userIdentity", {}).get("username") or None,
    )


def resource_files(files: Sequence[models.ResourceFile]) -> tuple[ResourceFile, ...]:
    """Resource files that have been checked."""
    return tuple(map(_resource_file, files))


def environment(settings: Sequence[models.EnvironmentSetting]) -> dict[str, str]:
    """Environment variables; of two with one name the later counts."""
    return {setting["name"]: setting.get("value", "") for setting in settings}


def package_references(
    references: Sequence[models.BatchApplicationPackageReference],
) -> tuple[ApplicationPackageReference, ...]:
    """Application packages, whether named by plain id or by full resource id."""
    return tuple(
        ApplicationPackageReference(
            reference["applicationId"].rpartition("/applications/")[2], reference.get("version")
        )
        for reference in references
    )


def _resource_file(file: models.ResourceFile) -> ResourceFile:
    return ResourceFile(
        http_url=file.get("httpUrl"),
        storage_container_url=file.get("storageContainerUrl"),
        auto_storage_container_name=file.get("autoStorageContainerName"),
        blob_prefix=file.get("blobPrefix"),
        file_path=file.get("filePath"),
        file_mode=file.get("fileMode"),
    )
