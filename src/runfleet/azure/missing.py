"""What is asked for by its id, and is not there."""

from __future__ import annotations

from collections.abc import Mapping

from runfleet.azure.errors import NotFoundError
from runfleet.azure.refusals import not_found


def not_there(kind: str, ids: Mapping[str, str], *, meant: str | None = None) -> NotFoundError:
    """
    Make the error that the service's own answer becomes.

    Parameters
    ----------
    kind, ids
        See `not_found`.
    meant
        The id of one that is there, and that was probably meant.
    """
    refusal = not_found(kind, ids)
    hint = f"did you mean `{meant}`? {refusal.hint}" if meant else refusal.hint
    return NotFoundError(refusal.what, status=404, code=refusal.code, hint=hint)
