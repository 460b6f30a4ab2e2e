"""Applications: the names and versions of packages."""

from __future__ import annotations

from collections.abc import Sequence

from runfleet.wire.bodies import JsonObject


def application_json(
    application_id: str, versions: Sequence[str], display_name: str | None
) -> JsonObject:
    """An application as clients read it, with the versions that can be installed."""
    name = display_name or application_id
    return {"id": application_id, "displayName": name, "versions": list(versions)}
