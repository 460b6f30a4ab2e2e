"""
Write `runfleet/wire/models.py`: the request bodies of the official SDK's models as typed dicts.

    python tools/generate_wire_models.py > src/runfleet/wire/models.py
"""

from __future__ import annotations

import enum
import sys
import typing
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from types import NoneType
from typing import Any, TypeVar

from azure.batch import models
from azure.batch.models import _models as sdk

# The bodies that clients send; everything that they are made of follows.
ROOTS = (
    "BatchJob",
    "BatchJobCreateOptions",
    "BatchJobDisableOptions",
    "BatchJobSchedule",
    "BatchJobScheduleCreateOptions",
    "BatchJobScheduleUpdateOptions",
    "BatchJobTerminateOptions",
    "BatchJobUpdateOptions",
    "BatchNodeDeallocateOptions",
    "BatchNodeDisableSchedulingOptions",
    "BatchNodeRebootOptions",
    "BatchNodeRemoveOptions",
    "BatchNodeUserCreateOptions",
    "BatchNodeUserReplaceOptions",
    "BatchPoolCreateOptions",
    "BatchPoolEnableAutoScaleOptions",
    "BatchPoolEvaluateAutoScaleOptions",
    "BatchPoolReplaceOptions",
    "BatchPoolResizeOptions",
    "BatchPoolUpdateOptions",
    "BatchTaskCreateOptions",
    "UploadBatchServiceLogsOptions",
)

# What clients of older API versions may send beside.
_OF_CHANGED_POOLS = {
    "certificateReferences": "list[dict[str, object]]",
    "targetNodeCommunicationMode": 'Annotated[str, one_of("default", "classic", "simplified")]',
}
_OF_POOLS = {
    **_OF_CHANGED_POOLS,
    "applicationLicenses": "list[str]",
    "cloudServiceConfiguration": "dict[str, object]",
    "maxTasksPerNode": "int",
    "resourceTags": "dict[str, str]",
}
_TOKENS = {"authenticationTokenSettings": "dict[str, object]"}
OLDER_MEMBERS = {
    "BatchPoolCreateOptions": _OF_POOLS,
    "BatchPoolSpecification": _OF_POOLS,
    "BatchPoolReplaceOptions": _OF_CHANGED_POOLS,
    "BatchPoolUpdateOptions": _OF_CHANGED_POOLS,
    "BatchJobManagerTask": _TOKENS,
    "BatchTaskCreateOptions": _TOKENS,
    "DataDisk": {"storageAccountType": "StorageAccountType"},
}

KindT = TypeVar("KindT", bound=type)

SCALARS: dict[object, str] = {
    str: "str",
    int: "int",
    float: "float",
    bool: "bool",
    datetime: "Timestamp",
    timedelta: "Duration",
}

HEADER = '''"""
Request bodies, derived from the models of azure-batch: do not edit.

`tools/generate_wire_models.py` writes this file.
"""

from __future__ import annotations

from typing import Annotated, Required

from typing_extensions import TypedDict

from runfleet.wire.members import Duration, Timestamp, one_of
'''


def main() -> None:
    """Print the module."""
    sys.stdout.write(module_text())


def module_text() -> str:
    """The whole module."""
    bodies = _by_name(_reachable())
    words = _by_name({kind for body in bodies for kind in _enums(body)})
    return "\n".join([HEADER, *map(_enum_text, words), *map(_model_text, bodies)])


def _by_name(kinds: Iterable[KindT]) -> list[KindT]:
    return sorted(kinds, key=lambda kind: kind.__name__)


def _reachable() -> set[type]:
    found = set[type]()
    waiting = [getattr(sdk, name) for name in ROOTS]
    while waiting:
        model = waiting.pop()
        if model not in found:
            found.add(model)
            waiting += [kind for kind in _leaves(model) if kind.__module__.endswith("_models")]
    return found


def _enums(model: type) -> Iterator[type[enum.Enum]]:
    return (kind for kind in _leaves(model) if issubclass(kind, enum.Enum))


def _leaves(model: type) -> Iterator[type]:
    for _, kind, _ in _members(model):
        yield from _types_in(kind)


def _types_in(kind: Any) -> Iterator[type]:
    arguments = typing.get_args(kind)
    if arguments:
        for argument in arguments:
            yield from _types_in(argument)
    elif isinstance(kind, type):
        yield kind


def _members(model: Any) -> Iterator[tuple[str, Any, bool]]:
    """Wire name, type and whether it is required, of each member that a client may send."""
    model({})  # The SDK fills its table of members when a model is first made.
    hints = typing.get_type_hints(model, localns={"_models": models})
    for attribute, member in model._attr_to_rest_field.items():  # noqa: SLF001
        if member._visibility != ["read"]:  # noqa: SLF001
            kind = hints[attribute]
            yield member._rest_name, kind, NoneType not in typing.get_args(kind)  # noqa: SLF001


def _enum_text(kind: type[enum.Enum]) -> str:
    words = "".join(f'        "{word.value}",\n' for word in kind)
    return f"{kind.__name__} = Annotated[\n    str,\n    one_of(\n{words}    ),\n]\n"


def _model_text(model: type) -> str:
    lines = [f"    {name}: {text}\n" for name, text in _member_texts(model)]
    return f"\nclass {model.__name__}(TypedDict, total=False):\n{''.join(lines) or '    pass'}"


def _member_texts(model: type) -> Iterator[tuple[str, str]]:
    for name, kind, required in _members(model):
        text = _type_text(kind)
        yield name, f"Required[{text}]" if required else text
    yield from OLDER_MEMBERS.get(model.__name__, {}).items()


def _type_text(kind: Any) -> str:
    arguments = [argument for argument in typing.get_args(kind) if argument is not NoneType]
    named = [argument for argument in arguments if _is_enum(argument)]
    if typing.get_origin(kind) in (list, dict):
        inner = ", ".join(map(_type_text, arguments))
        return f"{typing.get_origin(kind).__name__}[{inner}]"
    if arguments:
        return _type_text((named or arguments)[0])
    return SCALARS.get(kind) or str(kind.__name__)


def _is_enum(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, enum.Enum)


if __name__ == "__main__":
    main()
