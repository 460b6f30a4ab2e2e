"""What has changed in a study since it was last submitted, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from runfleet.launch.comparison import Comparison
from runfleet.launch.definition import Definition
from runfleet.study.model import format_duration

_EXAMPLES = 3


def describe_changes(
    before: Definition, after: Definition, comparison: Comparison
) -> tuple[str, ...]:
    """
    Say what an edit changed, one sentence each: first the study file, then what follows for runs.

    Parameters
    ----------
    before, after
        The study as it was submitted, and as it is now.
    comparison
        What follows for its runs.
    """
    edits = [*_edits(before, after)] if before != after else []
    return (*edits, *_run_changes(comparison))


def _edits(before: Definition, after: Definition) -> Iterator[str]:
    yield from _changed_values(before.model, after.model)
    yield from _changed_values(before.limits, after.limits)
    yield from _changed_names("parameter", before.parameters, after.parameters)
    if before.design != after.design and before.parameters == after.parameters:
        # One hash is of both, and tells no more.
        yield "the design or the names of the runs changed"


def _changed_values(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    left_out = [name for name in before if name not in after and name in _WORDS]
    for name in (*after, *left_out):
        if before.get(name) != after.get(name):
            yield from _WORDS.get(name, _plain_change)(name, before.get(name), after.get(name))


def _plain_change(name: str, before: object, after: object) -> Iterator[str]:
    yield f"{name} changed from `{_text(before)}` to `{_text(after)}`"


def _image_change(_name: str, before: object, after: object) -> Iterator[str]:
    yield from _plain_change("the image", before, after)


def _system_change(_name: str, _before: object, after: object) -> Iterator[str]:
    yield f"the runs are to be done on {'Windows' if after else 'Linux'}"


def _command_change(name: str, before: object, after: object) -> Iterator[str]:
    yield from _plain_change(f"the {name}", before, after)


def _limit_change(name: str, before: float | None, after: float | None) -> Iterator[str]:
    limits = (
        seconds and format_duration(timedelta(seconds=seconds)) for seconds in (before, after)
    )
    yield from _plain_change(name, *limits)


def _list_change(
    name: str, before: Sequence[object] | None, after: Sequence[object] | None
) -> Iterator[str]:
    old, new = [[_text(item) for item in items or ()] for items in (before, after)]
    singular = name.removesuffix("s")
    yield from (f"{singular} `{item}` was added" for item in new if item not in old)
    yield from (f"{singular} `{item}` was removed" for item in old if item not in new)


def _mapping_change(
    name: str, before: Mapping[str, object], after: Mapping[str, object]
) -> Iterator[str]:
    yield from _changed_names(name.removesuffix("s"), before, after)


def _environment_change(
    name: str, before: Mapping[str, object], after: Mapping[str, object]
) -> Iterator[str]:
    yield from _changed_names(f"{name} variable", before, after)


_WORDS: dict[str, Callable[[str, Any, Any], Iterator[str]]] = {
    "command": _command_change,
    "packages": _list_change,
    "inputs": _mapping_change,
    "folders": _list_change,
    "links": _list_change,
    "overlays": _mapping_change,
    "outputs": _list_change,
    "environment": _environment_change,
    "is for Windows": _system_change,
    "image": _image_change,
    "time limit": _limit_change,
}


def _changed_names(
    kind: str, before: Mapping[str, object], after: Mapping[str, object]
) -> Iterator[str]:
    yield from (f"{kind} `{name}` was added" for name in after if name not in before)
    yield from (f"{kind} `{name}` was removed" for name in before if name not in after)
    for name, value in after.items():
        if before.get(name, value) != value:
            yield f"{kind} `{name}` changed"


def _text(value: object) -> str:
    if isinstance(value, list):
        pattern, required = value
        return str(pattern) if required else f"{pattern} (optional)"
    return "none" if value is None else str(value)


def _run_changes(comparison: Comparison) -> Iterator[str]:
    yield from _counted(comparison.added, "added")
    yield from _counted(comparison.changed, "changed: to be done again")
    yield from _counted(comparison.repeated, "to be done again")
    yield from _counted(
        comparison.removed, "removed: no longer in the results, but kept in the storage"
    )


def _counted(runs: Sequence[str], what: str) -> Iterator[str]:
    if not runs:
        return
    examples = ", ".join(runs[:_EXAMPLES]) + (", ..." if len(runs) > _EXAMPLES else "")
    noun = "run" if len(runs) == 1 else "runs"
    # A sentence such as "3 runs changed: to be done again (run-00001, run-00002, run-00003)".
    yield f"{len(runs):,} {noun} {what} ({examples})"
