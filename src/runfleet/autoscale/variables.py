"""The names that the service gives to formulas: targets, constants and metrics."""

from __future__ import annotations

from runfleet.autoscale.errors import FaultError
from runfleet.autoscale.metrics import METRIC_ALIASES, Metric
from runfleet.autoscale.values import INTERVAL_CONSTANTS, Kind, Value
from runfleet.batch.states import NodeDeallocationOption

TARGET_DEDICATED = "$TargetDedicatedNodes"
TARGET_LOW_PRIORITY = "$TargetLowPriorityNodes"
DEALLOCATION_OPTION = "$NodeDeallocationOption"
# Where a formula sets both, the full name counts.
TARGET_ALIASES = {
    TARGET_DEDICATED: "$TargetDedicated",
    TARGET_LOW_PRIORITY: "$TargetLowPriority",
}
# The bare words that deallocation options are written as have strings as values.
CONSTANTS: dict[str, Value] = {
    **INTERVAL_CONSTANTS,
    **{option.value: option.value for option in NodeDeallocationOption},
}
METRICS: dict[str, Metric] = {**{metric.value: metric for metric in Metric}, **METRIC_ALIASES}

SETTABLE = {
    TARGET_DEDICATED: Kind.DOUBLE,
    TARGET_LOW_PRIORITY: Kind.DOUBLE,
    **dict.fromkeys(TARGET_ALIASES.values(), Kind.DOUBLE),
    DEALLOCATION_OPTION: Kind.STRING,
}
_PARTNERS = TARGET_ALIASES | {alias: name for name, alias in TARGET_ALIASES.items()}


def partner_of(name: str) -> str | None:
    """The other name of the same target."""
    return _PARTNERS.get(name)


def check_settable(name: str) -> None:
    """Refuse to set what only the service sets."""
    if name in METRICS:
        hint = f"set `{TARGET_DEDICATED}` or `{TARGET_LOW_PRIORITY}`, or a variable of your own"
        raise FaultError(f"`{name}` is measured by the service and cannot be set", hint=hint)
    if name in CONSTANTS:
        raise FaultError(f"`{name}` is a constant and cannot be set", hint="choose another name")


def check_kind(name: str, kind: Kind) -> None:
    """Refuse to set a variable of the service to a type that it cannot have."""
    wanted = SETTABLE.get(name)
    if wanted is not None and kind is not wanted:
        raise FaultError(f"`{name}` is a {wanted}, not a {kind}", hint=_KIND_HINTS.get(kind))


def check_option(name: str, value: Value) -> None:
    """Refuse deallocation options that do not exist."""
    options = [option.value for option in NodeDeallocationOption]
    if name == DEALLOCATION_OPTION and value not in options:
        hint = f"choose one of {', '.join(f'`{option}`' for option in options)}"
        raise FaultError(f"`{value}` is not a node deallocation option", hint=hint)


_KIND_HINTS = {
    Kind.VECTOR: "take one number of the doubleVec, as in `max(0, v)` or `avg(v)`",
}
