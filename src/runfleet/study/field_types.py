"""The types of single values in a study file, each with its check and its JSON Schema."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field
from pydantic.functional_validators import AfterValidator, BeforeValidator
from pydantic.json_schema import WithJsonSchema

from runfleet.documents.errors import InvalidValueError
from runfleet.documents.texts import describe, shortened
from runfleet.study.model import PackageReference, check_command, parse_duration
from runfleet.study.names import LONGEST_STUDY_NAME, check_study_name
from runfleet.study.parameters import RESERVED_PREFIXES, VARIABLE_NAME, check_parameter_name
from runfleet.study.values import as_text, check_value

MOST_RUNS = 10_000_000
"""More than that many runs are a mistake rather than a study."""


_RESULT_NAME = re.compile(r"[^\W\d_]([\w .-]{0,98}[\w.-])?")
_POOL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_VM_SIZE = re.compile(r"[A-Za-z0-9_-]+")


def _check_column(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int) or value in ("", 0):
        raise InvalidValueError(
            f"a column should be a name or a number from 1, not {describe(value)}",
            hint="give the name that stands in the table's first line",
        )
    if isinstance(value, int) and value < 1:
        raise InvalidValueError(
            f"there is no column {value}", hint="the first column has the number 1"
        )
    return value


def _check_environment_text(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return as_text(check_value(value))
    if isinstance(value, str):
        return value
    spelled = f'put it in quotes: "{as_text(value)}"' if isinstance(value, bool) else None
    raise InvalidValueError(
        f"an environment variable should be a text, not {describe(value)}",
        hint=spelled or "write a text in quotes",
    )


def _check_environment_name(name: str) -> str:
    if not VARIABLE_NAME.fullmatch(name):
        raise InvalidValueError(
            f"`{name}` cannot be the name of an environment variable",
            hint="use letters, digits and `_`, beginning with a letter",
        )
    if name.upper().startswith(RESERVED_PREFIXES):
        raise InvalidValueError(
            f"the name `{name}` is reserved",
            hint="choose a name that begins with neither `AZ_BATCH_` nor `RUNFLEET_`",
        )
    return name


def _check_parameter_name(name: str) -> str:
    check_parameter_name(name)
    return name


def _check_result_name(name: str) -> str:
    if not _RESULT_NAME.fullmatch(name):
        raise InvalidValueError(
            f"`{name}` cannot be the name of a result, which is a column and part of file names",
            hint="use up to 100 letters, digits, blanks, `_`, `-` and `.`, beginning with a letter "
            "and ending in no blank",
        )
    return name


def _check_pool_id(text: str) -> str:
    if not _POOL_ID.fullmatch(text):
        raise InvalidValueError(
            f"`{shortened(text)}` has characters that Batch refuses, or too many",
            hint="use up to 64 letters, digits, `-` and `_`",
        )
    return text


def _check_vm_size(name: str) -> str:
    if not _VM_SIZE.fullmatch(name):
        raise InvalidValueError(
            f"`{name}` cannot be a size of machine",
            hint="write Azure's name of one, such as `standard_f4s_v2`",
        )
    return name


def _parse_duration(value: object) -> timedelta:
    if isinstance(value, str):
        return parse_duration(value)
    raise InvalidValueError(
        f"a duration should be a text with a unit, not {describe(value)}",
        hint="write one like `90s`, `10m` or `1h30m`",
    )


def _parse_package(value: object) -> PackageReference:
    if isinstance(value, str):
        return PackageReference.parse(value)
    raise InvalidValueError(
        f"a package should be a text, not {describe(value)}",
        hint="write its name and version: `epanet==2.3.5`",
    )


def _spelled_command(value: object) -> object:
    # To YAML `true` is a truth value, to a shell it is a command.
    return as_text(value) if isinstance(value, bool) else value


Command = Annotated[
    str,
    BeforeValidator(_spelled_command),
    AfterValidator(check_command),
    WithJsonSchema({"type": "string", "pattern": r"\S"}),
]
AnyValue = Annotated[
    Any,
    BeforeValidator(check_value),
    WithJsonSchema({"type": ["number", "string", "boolean"]}),
]
Values = Annotated[list[AnyValue], Field(min_length=1)]
Pair = Annotated[list[float], Field(min_length=2, max_length=2)]
WholePair = Annotated[list[int], Field(min_length=2, max_length=2)]
Triple = Annotated[list[float], Field(min_length=3, max_length=3)]
NonEmpty = Annotated[str, Field(min_length=1)]
StudyName = Annotated[
    str,
    AfterValidator(check_study_name),
    WithJsonSchema(
        {"type": "string", "pattern": f"^[A-Za-z0-9_][A-Za-z0-9_-]{{0,{LONGEST_STUDY_NAME - 1}}}$"}
    ),
]
RunCount = Annotated[int, Field(ge=1, le=MOST_RUNS)]
GroupCount = Annotated[int, Field(ge=2, le=MOST_RUNS)]
LevelCount = Annotated[int, Field(ge=2, le=1000, json_schema_extra={"multipleOf": 2})]
ResultName = Annotated[str, AfterValidator(_check_result_name)]
PoolId = Annotated[
    str,
    AfterValidator(_check_pool_id),
    WithJsonSchema({"type": "string", "pattern": f"^{_POOL_ID.pattern}$"}),
]
VmSize = Annotated[
    str,
    AfterValidator(_check_vm_size),
    WithJsonSchema({"type": "string", "pattern": f"^{_VM_SIZE.pattern}$"}),
]
ParameterName = Annotated[str, AfterValidator(_check_parameter_name)]
EnvironmentName = Annotated[str, AfterValidator(_check_environment_name)]
EnvironmentText = Annotated[
    str,
    BeforeValidator(_check_environment_text),
    WithJsonSchema({"type": ["string", "number"]}),
]
Duration = Annotated[
    timedelta,
    BeforeValidator(_parse_duration),
    WithJsonSchema({"type": "string", "pattern": r"^(?=.)(\d+d)?(\d+h)?(\d+m)?(\d+s)?$"}),
]
Package = Annotated[
    PackageReference,
    BeforeValidator(_parse_package),
    WithJsonSchema({"type": "string", "pattern": r"^[A-Za-z0-9_-]+(==[A-Za-z0-9._-]+)?$"}),
]
Column = Annotated[
    Any,
    BeforeValidator(_check_column),
    WithJsonSchema({"type": ["string", "integer"], "minLength": 1, "minimum": 1}),
]
