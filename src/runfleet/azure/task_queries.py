"""Which tasks a list is asked for, and what of each, in the names of the REST API."""

from __future__ import annotations

from datetime import UTC, datetime

# Filters.
FAILED = "executionInfo/result eq 'failure'"
COMPLETED = "state eq 'completed'"
NOT_COMPLETED = "state ne 'completed'"
WAITING = "state eq 'active'"

# What to ask of each; the id always is.
ID_FIELDS = ()
STATE_FIELDS = ("state", "executionInfo")
PLACE_FIELDS = (*STATE_FIELDS, "nodeInfo")
END_FIELDS = ("executionInfo",)
FAILURE_FIELDS = ("executionInfo", "constraints")  # and what it was allowed, which may be why
NODES_FIELDS = ("multiInstanceSettings",)


def ended_from(filter_: str, moment: datetime) -> str:
    """Narrow a filter to the tasks that ended at a moment or later."""
    end = f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    return f"{filter_} and executionInfo/endTime ge DateTime'{end}'"
