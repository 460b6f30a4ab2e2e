"""
Write `docs/operations.md`: each operation of the service, and how much of it the emulator has.

    python tools/generate_operations_page.py > docs/operations.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from runfleet.emulator.handlers import HANDLERS
from runfleet.emulator.management.handlers import HANDLERS as MANAGEMENT_HANDLERS
from runfleet.wire import coverage
from runfleet.wire.coverage import Refusal
from runfleet.wire.management import ACCOUNT
from runfleet.wire.management import OPERATIONS as MANAGEMENT_OPERATIONS
from runfleet.wire.operations import OPERATION_GROUPS, OPERATIONS, Operation

HEADER = """\
# What the emulator has of Azure Batch

<!-- `make pages` writes this page from src/runfleet/wire/coverage.py: do not edit it here. -->

Every operation of the Batch service's REST API, by the name of its method in the official SDK for
Python. It is

- **whole**: what is known of the service holds, and clients see no difference;
- **partial**: carried out, but the last column says what is missing;
- **refused**: answered with 501 `NotImplemented` and the reason. Nothing is ever pretended.

Where it is not known what the service does, [fidelity](fidelity.md) says what was chosen.
"""

REFUSED_INTRODUCTION = """
## What is refused in the bodies of requests

A request with one of these members is answered with 501 `NotImplemented`; a slash stands before
nested ones. Of several tasks in one request only those that have such a member are refused: the
answer is 200, and its items for them have the error `NotImplemented`.

| member | of | what it asks for | why it is refused | instead |
|---|---|---|---|---|
"""

MANAGEMENT_INTRODUCTION = """
## The management plane

The API by which Azure Resource Manager knows the account is served at the same address; it is not
counted above. `...` stands for the path of the account,
`/subscriptions/ID/resourceGroups/NAME/providers/Microsoft.Batch/batchAccounts/NAME`.

| request | extent | what is missing |
|---|---|---|
"""

NO_EFFECT_INTRODUCTION = """
## What is kept and shown, without effect

These come back as they were sent, but change nothing: a virtual node is a folder of this machine.

| in | member |
|---|---|
"""


def main() -> None:
    """Print the page."""
    sys.stdout.write(page_text())


def page_text() -> str:
    """The whole page."""
    groups = (_group_text(title, group) for title, group in OPERATION_GROUPS.items())
    refused = "".join(_refused_lines()) or "| nothing | | | | |\n"
    effectless = "".join(
        f"| {kind} | {_marked(name)} |\n"
        for kind, names in coverage.WITHOUT_EFFECT.items()
        for name in names
    )
    intro = HEADER + _summary()
    return (
        intro
        + "".join(groups)
        + MANAGEMENT_INTRODUCTION
        + "".join(map(_management_line, MANAGEMENT_OPERATIONS))
        + REFUSED_INTRODUCTION
        + refused
        + NO_EFFECT_INTRODUCTION
        + effectless
    )


def _summary() -> str:
    extents = [extent(operation) for operation in OPERATIONS]
    counts = ", ".join(
        f"{extents.count(word)} are {word}" for word in ("whole", "partial", "refused")
    )
    return f"\nOf {len(OPERATIONS)} operations {counts}.\n"


def _group_text(title: str, group: Iterable[Operation]) -> str:
    lines = "".join(_operation_line(operation) for operation in group)
    head = "| operation | request | extent | what is missing |\n|---|---|---|---|\n"
    return f"\n## {title}\n\n{head}{lines}"


def extent(operation: Operation) -> str:
    """How much of an operation there is, in one word."""
    if operation.name not in HANDLERS:
        return "refused"
    return "partial" if _missing(operation.name) else "whole"


def _operation_line(operation: Operation) -> str:
    if operation.name in HANDLERS:
        remark = _missing(operation.name)
    else:
        remark = _why(coverage.refusal_of(operation.name))
    request = f"`{operation.method} {operation.path}`"
    return f"| `{operation.name}` | {request} | {extent(operation)} | {remark} |\n"


def _management_line(operation: Operation) -> str:
    refusal = coverage.REFUSED_IN_MANAGEMENT.get(operation.name)
    extent = "whole" if operation.name in MANAGEMENT_HANDLERS else "refused"
    why = _why(refusal) if refusal else ""
    path = operation.path.replace(ACCOUNT, "...")
    return f"| `{operation.method} {path}` | {extent} | {why} |\n"


def _missing(name: str) -> str:
    refused = [f"`{member}`" for member in coverage.REFUSED_MEMBERS.get(name, ())]
    parts = coverage.PARTS.get(name, {}).items()
    remarks = [
        coverage.SHORTFALLS.get(name, ""),
        f"refuses {', '.join(refused)}" if refused else "",
        *(f"refuses in `{part}` what `{other}` refuses" for part, other in parts),
    ]
    return "; ".join(remark for remark in remarks if remark)


def _why(refusal: Refusal) -> str:
    return f"{refusal.why}; {refusal.instead}" if refusal.why else "not built yet"


def _refused_lines() -> Iterator[str]:
    for member, refusal in _refused_members().items():
        owners = [name for name, found in coverage.REFUSED_MEMBERS.items() if member in found]
        shown = ", ".join(f"`{name}`" for name in owners)
        why = refusal.why or "not built yet"
        yield f"| `{member}` | {shown} | {refusal.meaning} | {why} | {refusal.instead} |\n"


def _refused_members() -> dict[str, Refusal]:
    members = coverage.REFUSED_MEMBERS.values()
    return {name: refusal for found in members for name, refusal in found.items()}


def _marked(text: str) -> str:
    """The name before a remark, as code."""
    name, *remark = text.partition(":" if ":" in text else ",")
    return f"`{name}`{''.join(remark)}"


if __name__ == "__main__":
    main()
