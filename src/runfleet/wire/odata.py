"""`$filter` and `$select`: the part of OData 3 that the service speaks."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runfleet.batch.filters import And, Comparison, Filter, Operator, Or, StartsWith
from runfleet.wire.bodies import JsonObject
from runfleet.wire.fields import Field, FieldKind, Fields
from runfleet.wire.values import parse_time, time_text

MAX_FILTER_LENGTH = 32768
_MAX_DEPTH = 50

_TOKEN = re.compile(
    r"\s*(?:"
    r"(?P<punctuation>[(),])"
    r"|[Dd]ate[Tt]ime'(?P<instant>[^']*)'"
    r"|'(?P<text>(?:[^']|'')*)'"
    r"|(?P<number>-?[0-9]{1,18})(?![\w:.-])"
    r"|(?P<word>[A-Za-z0-9_][\w/:.+-]*)"
    r")"
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    place: int

    def says(self, word: str) -> bool:
        return self.kind in ("word", "punctuation") and self.text.lower() == word


class FilterSyntaxError(ValueError):
    """A filter that cannot be read; its text says why and where."""


def parse_filter(text: str, fields: Fields) -> Filter:
    """
    Read a filter and check it against the fields of its list.

    Parameters
    ----------
    text
        Such as ``state eq 'completed' and startswith(id, 'run-')``.
    fields
        What the list can be filtered by.

    Raises
    ------
    FilterSyntaxError
        If the text is no filter, names another field, or compares it as it cannot be compared.
    """
    if len(text) > MAX_FILTER_LENGTH:
        raise FilterSyntaxError(f"a filter may have {MAX_FILTER_LENGTH} characters at most")
    parser = _Parser(list(_tokens(text)), fields)
    parsed = parser.any_of()
    if parser.current.kind != "end":
        raise parser.unexpected("`and`, `or` or the end")
    return parsed


def filter_text(condition: Filter) -> str:
    """A filter in the language that `parse_filter` reads."""
    match condition:
        case Comparison(field, comparator, value):
            return f"{field} {comparator} {_literal_text(value)}"
        case StartsWith(field, prefix):
            return f"startswith({field}, {_literal_text(prefix)})"
        case And(terms):
            return " and ".join(f"({filter_text(term)})" for term in terms)
        case Or(terms):
            return " or ".join(f"({filter_text(term)})" for term in terms)


def matches(condition: Filter, item: JsonObject) -> bool:
    """Whether an item of a list, in the shape that clients read, meets a checked filter."""
    match condition:
        case And(terms):
            return all(matches(term, item) for term in terms)
        case Or(terms):
            return any(matches(term, item) for term in terms)
        case StartsWith(field, prefix):
            value = _value(item, field)
            return isinstance(value, str) and value.lower().startswith(prefix.lower())
        case Comparison():
            return _compare(condition, _value(item, condition.field))


def select_members(item: JsonObject, names: Sequence[str]) -> JsonObject:
    """Only the named members of an item, in its own order."""
    return {name: value for name, value in item.items() if name in names}


def parse_select(text: str | None) -> tuple[str, ...] | None:
    """The members that a `$select` names; None without one, which means all."""
    names = tuple(name.strip() for name in (text or "").split(",") if name.strip())
    return names or None


class _Parser:
    """Recursive descent; each method's docstring is its rule."""

    def __init__(self, tokens: Sequence[_Token], fields: Fields) -> None:
        self._tokens = tokens
        self._fields = fields
        self._index = 0
        self._depth = 0

    @property
    def current(self) -> _Token:
        return self._tokens[self._index]

    def any_of(self) -> Filter:
        """`any_of := all_of ('or' all_of)*`"""
        terms = [self.all_of()]
        while self._accept("or"):
            terms.append(self.all_of())
        return terms[0] if len(terms) == 1 else Or(tuple(terms))

    def all_of(self) -> Filter:
        """`all_of := term ('and' term)*`"""
        terms = [self.term()]
        while self._accept("and"):
            terms.append(self.term())
        return terms[0] if len(terms) == 1 else And(tuple(terms))

    def term(self) -> Filter:
        """`term := '(' any_of ')' | starts_with | comparison`"""
        if self._accept("("):
            return self._nested()
        if self.current.says("startswith"):
            return self.starts_with()
        return self.comparison()

    def starts_with(self) -> Filter:
        """`starts_with := 'startswith' '(' field ',' text ')'`"""
        self._take()
        self._expect("(")
        field = self._field()
        if not field.starts_with:
            raise FilterSyntaxError(f"`{field.name}` does not take `startswith`")
        self._expect(",")
        if self.current.kind != "text":
            raise self.unexpected("a text in single quotes")
        prefix = self._take().text
        self._expect(")")
        return StartsWith(field.name, prefix)

    def comparison(self) -> Filter:
        """`comparison := field operator literal`"""
        field = self._field()
        comparator = self._operator(field)
        if self.current.kind not in ("text", "instant", "number", "word"):
            raise self.unexpected("a value")
        token = self._take()
        return Comparison(field.name, comparator, _literal(field, token))

    def unexpected(self, wanted: str) -> FilterSyntaxError:
        found = f"`{self.current.text}`" if self.current.text else "the end"
        return FilterSyntaxError(f"column {self.current.place}: {wanted} expected, not {found}")

    def _nested(self) -> Filter:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise FilterSyntaxError(f"more than {_MAX_DEPTH} parentheses inside each other")
        inner = self.any_of()
        self._expect(")")
        self._depth -= 1
        return inner

    def _field(self) -> Field:
        if self.current.kind != "word":
            raise self.unexpected("a field")
        name = self._take().text
        field = self._fields.get(name.lower())
        if field is None:
            raise FilterSyntaxError(f"`{name}` is not a field that this list is filtered by")
        return field

    def _operator(self, field: Field) -> Operator:
        if self.current.text.lower() not in set(Operator):
            raise self.unexpected("an operator")
        comparator = Operator(self._take().text.lower())
        if comparator not in field.operators:
            raise FilterSyntaxError(f"`{field.name}` does not take `{comparator}`")
        return comparator

    def _accept(self, word: str) -> bool:
        accepted = self.current.says(word)
        self._index += accepted
        return accepted

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise self.unexpected(f"`{word}`")

    def _take(self) -> _Token:
        token = self.current
        self._index += 1
        return token


def _tokens(text: str) -> Iterator[_Token]:
    place, end = 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            raise FilterSyntaxError(
                f"column {place + 1}: `{text[place : place + 10]}` has no meaning"
            )
        kind = match.lastgroup or ""
        yield _Token(kind, match[kind].replace("''", "'"), match.start(kind) + 1)
        place = match.end()
    yield _Token("end", "", end + 1)


def _literal(field: Field, token: _Token) -> str | int | bool | datetime:
    try:
        return _LITERALS[field.kind](token)
    except (KeyError, ValueError):
        raise FilterSyntaxError(
            f"column {token.place}: `{field.name}` is compared with {field.kind.value}, "
            f"not with `{token.text}`"
        ) from None


def _text(token: _Token) -> str:
    if token.kind != "text":
        raise ValueError(token.kind)
    return token.text


def _boolean(token: _Token) -> bool:
    return {"true": True, "false": False}[token.text.lower()]


_LITERALS: Mapping[FieldKind, Callable[[_Token], str | int | bool | datetime]] = {
    FieldKind.TEXT: _text,
    FieldKind.WORD: lambda token: _text(token).lower(),
    FieldKind.INSTANT: lambda token: parse_time(token.text),
    FieldKind.NUMBER: lambda token: {"number": int}[token.kind](token.text),
    FieldKind.BOOLEAN: _boolean,
}


def _literal_text(value: str | int | bool | datetime) -> str:
    if isinstance(value, datetime):
        return f"DateTime'{time_text(value)}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value).lower()


def _value(item: JsonObject, field: str) -> object:
    value: object = item
    for name in field.split("/"):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _compare(comparison: Comparison, value: object) -> bool:
    wanted = comparison.value
    if isinstance(wanted, datetime):
        value = parse_time(value) if isinstance(value, str) else None
    elif isinstance(wanted, str):
        # Ids are case-insensitive, and words are compared in lower case.
        value, wanted = value.lower() if isinstance(value, str) else None, wanted.lower()
    return value is not None and _COMPARE[comparison.operator](value, wanted)


_COMPARE: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUAL: operator.eq,
    Operator.NOT_EQUAL: operator.ne,
    Operator.GREATER: operator.gt,
    Operator.GREATER_OR_EQUAL: operator.ge,
    Operator.LESS: operator.lt,
    Operator.LESS_OR_EQUAL: operator.le,
}
