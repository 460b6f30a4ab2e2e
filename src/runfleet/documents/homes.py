"""Where a key belongs that is known, but not where it stands: indentation is easily wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args, get_origin

from pydantic.fields import FieldInfo

from runfleet.documents.document import Place
from runfleet.documents.form import Form

_ANY = "*"


def home_hint(form: type[Form], place: Place, key: str) -> str | None:
    """
    Say where a key belongs, if that is plain.

    Parameters
    ----------
    form
        That of the whole file.
    place, key
        The mapping that has the key and should not.
    """
    if place and key in form.model_fields:
        return _at_the_top(key)
    for part in place[1:]:
        if (
            part in form.model_fields
            and (owner := form_at(form, (part,)))
            and key in owner.fields_by_key()
        ):
            return _at_the_top(str(part))
    here = form_at(form, place) if place else None
    home = (here and _home_in(here, key)) or _home_in(form, key)
    return home and f"`{key}` belongs under {home}, indented"


def form_at(form: type[Form], place: Place) -> type[Form] | None:
    """Find the form of a value, by that of the whole file; None if it has no keys of its own."""
    current = form
    rest = iter(place)
    for part in rest:
        field = current.fields_by_key().get(str(part))
        held = field and _held(field)
        if field is None or held is None:
            return None
        current = held
        if _is_collection(field):
            next(rest, None)
    return current


def _held(field: FieldInfo) -> type[Form] | None:
    """Find the form of a value, or that of its items."""
    for kind in get_args(field.annotation) or (field.annotation,):
        if isinstance(kind, type) and issubclass(kind, Form):
            return kind
    return None


def _is_collection(field: FieldInfo) -> bool:
    return get_origin(field.annotation) in (list, dict)


def _at_the_top(key: str) -> str:
    return f"`{key}` belongs to the top of the file: write it without blanks before it"


def _home_in(form: type[Form], key: str) -> str | None:
    """Spell the place in a form that has this key; of several, the one that is least deep."""
    homes = sorted(_homes(form, key), key=len)
    if not homes or (len(homes) > 1 and len(homes[0]) == len(homes[1])):
        return None
    path = ".".join(part for part in homes[0] if part != _ANY)
    return f"one of `{path}`" if homes[0][-1] == _ANY else f"`{path}`"


def _homes(form: type[Form], key: str) -> Iterator[tuple[str, ...]]:
    for name, field in form.fields_by_key().items():
        held = _held(field)
        if held is not None:
            place = (name, _ANY) if _is_collection(field) else (name,)
            if key in held.fields_by_key():
                yield place
            yield from ((*place, *deeper) for deeper in _homes(held, key))
