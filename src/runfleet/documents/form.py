"""What all mappings of our files have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self, get_args, get_origin

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails

from runfleet.documents.errors import (
    EmptyKeyError,
    InvalidValueError,
    UnknownKeyError,
    suggest,
)


class Form(BaseModel):
    """A mapping of a file, whose keys are checked before its values are."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    shorthands: ClassVar[Mapping[type, str]] = {}
    """The key that a bare value of a type is short for."""

    alternatives: ClassVar[tuple[str, ...]] = ()
    """Keys of which exactly one has to be given."""

    examples: ClassVar[Mapping[str, str]] = {}
    """How a list or a mapping of a file is written, by its place; `*` is any name and number."""

    remedies: ClassVar[Mapping[str, str]] = {}
    """What mends whatever is wrong at a place."""

    synonyms: ClassVar[Mapping[str, str]] = {}
    """What other programs call its keys, in small letters."""

    foreign: ClassVar[Mapping[str, str]] = {}
    """Keys of other programs, each with how to have here what it means there."""

    @classmethod
    def fields_by_key(cls) -> dict[str, FieldInfo]:
        """The keys that it may have, as users spell them."""
        return {field.alias or name: field for name, field in cls.model_fields.items()}

    @model_validator(mode="wrap")
    @classmethod
    def _check_keys(cls, data: object, check_values: ModelWrapValidatorHandler[Self]) -> Self:
        if data is None and cls.shorthands.keys() == {str}:
            raise InvalidValueError("there is nothing", hint="write something, or remove this item")
        data = cls._expanded(data)
        if not isinstance(data, dict):
            return check_values(data)
        fields = cls.fields_by_key()
        given = {key: value for key, value in data.items() if value is not None}
        unknown = [cls._unknown_key(key, data, fields) for key in data if key not in fields]
        if not unknown:
            _demand_required(given, data, fields)
            cls._demand_alternative(given, data, fields)
            return check_values(given)
        first, *others = unknown
        first.others = tuple(others)
        first.beside = _wrong_values(
            check_values, {key: given[key] for key in given & fields.keys()}
        )
        raise first

    @classmethod
    def _unknown_key(
        cls, key: str, data: Mapping[str, object], known: Mapping[str, FieldInfo]
    ) -> UnknownKeyError:
        above = _empty_above(key, data, known)
        otherwise = f"`{key}` belongs under `{above}`, indented" if above else None
        hint = cls.foreign.get(key.lower()) or suggest(
            key, known, "the keys here are", synonyms=cls.synonyms, instead=otherwise
        )
        if data[key] is None and not key.isidentifier():
            # YAML takes the `140)` of `{uniform: (80, 140)}` for a key.
            hint = "write lists in `[ ]`, and numbers without commas between thousands"
        unknown = UnknownKeyError(f"unknown key `{key}`", hint=hint, key=key)
        unknown.is_translated = key.lower() in {*cls.foreign, *cls.synonyms}
        return unknown

    @classmethod
    def _demand_alternative(
        cls,
        given: Mapping[str, object],
        written: Mapping[str, object],
        known: Mapping[str, FieldInfo],
    ) -> None:
        """Refuse a key that alone would do and has no value: it is not none of them."""
        empty = next((key for key in cls.alternatives if key in written), None)
        if empty is not None and given.keys().isdisjoint(cls.alternatives):
            raise _empty(empty, known[empty])

    @classmethod
    def _expanded(cls, data: object) -> object:
        """Write out what is short for a mapping; nothing is an empty one."""
        key = cls.shorthands.get(type(data))
        return {} if data is None else data if key is None else {key: data}

    @classmethod
    def _short_schemas(cls, properties: Mapping[str, JsonSchemaValue]) -> list[JsonSchemaValue]:
        return [
            {**properties[key], "type": _JSON_TYPES[kind]} for kind, key in cls.shorthands.items()
        ]

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(handler(core_schema))
        if cls.alternatives:
            for key in cls.alternatives:
                _refuse_nothing(schema["properties"][key])
            schema["oneOf"] = [{"required": [key]} for key in cls.alternatives]
        short = cls._short_schemas(schema["properties"])
        description = schema.get("description", "")
        return {"anyOf": [*short, schema], "description": description} if short else schema


def _refuse_nothing(schema: JsonSchemaValue) -> None:
    """Have a key that is given be given a value: what is nothing is not there."""
    if "anyOf" in schema:
        schema["anyOf"] = [kind for kind in schema["anyOf"] if kind != {"type": "null"}]


def _empty_above(
    key: str, data: Mapping[str, object], known: Mapping[str, FieldInfo]
) -> str | None:
    """Find the known key right above one, if it takes keys of any name and has none."""
    before = list(data)[: list(data).index(key)]
    above = next((one for one in reversed(before) if one in known), None)
    if above is None or data[above] is not None:
        return None
    return above if get_origin(known[above].annotation) is dict else None


def _wrong_values(
    check_values: ModelWrapValidatorHandler[Form], given: Mapping[str, object]
) -> list[ErrorDetails]:
    """Check what stands beside unknown keys, which may be meant for what seems to be missing."""
    try:
        check_values(given)
    except ValidationError as error:
        return [one for one in error.errors() if one["loc"] and one["type"] != "missing"]
    return []


def _demand_required(
    given: Mapping[str, object], written: Mapping[str, object], known: Mapping[str, FieldInfo]
) -> None:
    for key, field in known.items():
        if field.is_required() and key in written and key not in given:
            raise _empty(key, field)
        if field.is_required() and key not in given:
            raise InvalidValueError(
                f"the key `{key}` is missing", hint=f"add `{key}:`, {_described(field)}"
            )


def _empty(key: str, field: FieldInfo) -> EmptyKeyError:
    is_switch = bool in get_args(field.annotation)
    hint = f"write `{key}: true`" if is_switch else f"fill it in: {_described(field)}"
    return EmptyKeyError(f"the key `{key}` is empty", hint=hint, key=key)


def _described(field: FieldInfo) -> str:
    description = field.description or ""
    return f"{description[:1].lower()}{description[1:].rstrip('.')}"


_JSON_TYPES: dict[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "array",
}
