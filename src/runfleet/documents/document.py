"""YAML text as plain data that remembers its lines."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from runfleet.documents.errors import DocumentError, InvalidValueError
from runfleet.documents.syntax_errors import syntax_error
from runfleet.documents.texts import check_text, is_label, shortened

Place: TypeAlias = tuple[str | int, ...]
"""The keys and indices that lead from the top of a document to a value."""

_TAG = "tag:yaml.org,2002:"
_MERGE = f"{_TAG}merge"
_INT = f"{_TAG}int"
_NUMBERS = {_INT, f"{_TAG}float"}
_CONSTRUCTED = {f"{_TAG}{kind}" for kind in ("null", "bool", "int", "float")}
_VERBATIM = {f"{_TAG}{kind}" for kind in ("str", "timestamp")}
_KNOWN = _CONSTRUCTED | _VERBATIM | {f"{_TAG}{kind}" for kind in ("map", "seq")}

# What YAML 1.1 had for numbers, and ruamel.yaml still has: `2020_01` and `1_1` are names.
_OLD_NUMBER = re.compile(r".*_|[-+]?0b|[-+]0[ox]")

MOST_VALUES = 100_000
"""Our files have fewer values: reading YAML is slow, and a few aliases make billions of them."""

# What libyaml reads in another way: tabs, what ended a line in YAML 1.1, anchors with a colon, what
# ends a document, a comment right behind the sign of a text of several lines.
_READ_DIFFERENTLY = re.compile(
    r"[\t\x85\u2028\u2029]|[&*]\S*:|^\.\.\.|[|>][-+\d]*\n*#", re.MULTILINE
)

# It crashes where thousands of collections are one inside the other.
_OPENING = re.compile(r"[\[{]|[-?]\s")
_MOST_OPENED = 1000


@dataclass(frozen=True)
class Document:
    """
    A YAML document.

    Parameters
    ----------
    file, text
        Where it is from, and what is written there.
    data
        What that means.
    lines
        The line on which each value begins, counted from 1.
    """

    file: Path
    text: str
    data: object
    lines: dict[Place, int]

    def line(self, place: Place) -> int:
        """Find the line of a value, or of the nearest value around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def error(self, place: Place, what: str, hint: str | None = None) -> DocumentError:
        """Make an error about the value at `place`."""
        return DocumentError(what, file=self.file, line=self.line(place), hint=hint)


def parse_document(text: str, file: Path, *, when_large: str = "leave some out") -> Document:
    """
    Read YAML 1.2 into dictionaries, lists, texts, numbers, booleans and None.

    Dates stay texts, as a model would not know Python's, and so do digits after a leading zero:
    `0012` is the name of a gauge, or half past midnight.  Digits with `_` between them are a text.

    Parameters
    ----------
    text
        The YAML text.
    file
        The file it comes from, for messages.
    when_large
        What to do where there are too many values.

    Raises
    ------
    DocumentError
        If the text is not YAML, has the same key twice or refers to itself.
    """
    reader = Reader(file, when_large)
    try:
        node = reader.compose(text)
        data = None if node is None else reader.read(node, ())
    except RecursionError:
        hint = "close each bracket that is opened"
        raise DocumentError("the file is nested too deeply", file=file, hint=hint) from None
    # Of nothing at all, parsers have different ideas where it begins.
    return Document(file, text, data, {} if data is None else reader.lines)


class Reader:
    """
    Turns YAML nodes into plain data, writing down the line of each.

    Parameters
    ----------
    file, when_large
        As `parse_document` has them.
    """

    def __init__(self, file: Path, when_large: str) -> None:
        self.file = file
        self.when_large = when_large
        self.lines: dict[Place, int] = {}
        self._yaml = YAML(typ="safe", pure=True)
        # An anchor may be given anew: an alias means the last.
        self._yaml.composer.warn_double_anchors = False
        self._open: list[Node] = []
        self._count = 0

    def compose(self, text: str) -> Node | None:
        """Read by libyaml where it is there; what that refuses, by what knows all of YAML 1.2."""
        if _suits_libyaml(text):
            with suppress(YAMLError, ValueError):
                node: Node | None = YAML(typ="safe").compose(text)
                return node
        return self.compose_slowly(text)

    def compose_slowly(self, text: str) -> Node | None:
        """Read by Python alone."""
        try:
            node: Node | None = self._yaml.compose(text)
        except (YAMLError, ValueError) as error:
            raise syntax_error(self.file, text, error) from error
        return node

    def read(self, node: Node, place: Place) -> object:
        """Read a node, and all that is in it."""
        self.lines.setdefault(place, node.start_mark.line + 1)
        self._refuse_endless(node)
        self._open.append(node)
        data = self._read_kind(node, place)
        self._open.pop()
        return data

    def _read_kind(self, node: Node, place: Place) -> object:
        tag = _tag(node)
        if tag not in _KNOWN:
            raise self._error(
                node,
                f"the tag `{tag.replace(_TAG, '!!')}` means nothing here",
                "remove it; put a text that begins with `!` in quotes",
            )
        if isinstance(node, MappingNode):
            return self._read_mapping(node, place)
        if isinstance(node, SequenceNode):
            return [self.read(item, (*place, index)) for index, item in enumerate(node.value)]
        assert isinstance(node, ScalarNode)
        return self._read_scalar(node, tag)

    def _read_scalar(self, node: ScalarNode, tag: str) -> object:
        try:
            if tag in _VERBATIM or _is_text(node.value, tag):
                return check_text(node.value)
            if tag == _INT and node.value.isdecimal():
                return int(node.value)
            value: object = self._yaml.constructor.construct_object(node, deep=True)
            str(value)  # what Python does not write, nobody can be told
            return value
        except InvalidValueError as invalid:
            raise self._error(node, invalid.message, invalid.hint) from invalid
        except (ValueError, KeyError) as error:
            raise self._error(
                node,
                f"`{shortened(node.value)}` cannot be read as a number, nor as true or false",
                "put it in quotes if it is a text",
            ) from error

    def _read_mapping(self, node: MappingNode, place: Place) -> dict[str, object]:
        mapping: dict[str, object] = {}
        merged: dict[str, object] = {}
        for key_node, value_node in node.value:
            if _tag(key_node) == _MERGE:
                merged |= self._read_merged(key_node, value_node, place)
                continue
            key = self._read_key(key_node)
            self._refuse_second(key, key_node, mapping, place)
            self.lines[*place, key] = key_node.start_mark.line + 1
            mapping[key] = self.read(value_node, (*place, key))
        return merged | mapping

    def _read_merged(self, key: Node, node: Node, place: Place) -> dict[str, object]:
        parts = node.value if isinstance(node, SequenceNode) else [node]
        merged: dict[str, object] = {}
        for part in reversed(parts):
            mapping = self.read(part, place)
            if not isinstance(mapping, dict):
                raise self._error(key, "`<<` takes mappings only", "name an anchored mapping")
            merged |= mapping
        return merged

    def _read_key(self, node: Node) -> str:
        if not isinstance(node, ScalarNode):
            raise self._error(
                node,
                "a key should be a text, not a list or a mapping",
                "put a text that begins with `[` or `{` in quotes",
            )
        if "\u00a0" in node.value:
            raise self._error(
                node, "a key holds a non-breaking blank", "type the blanks of this line anew"
            )
        return str(node.value)

    def _refuse_second(
        self, key: str, node: Node, mapping: dict[str, object], place: Place
    ) -> None:
        if key in mapping:
            first = self.lines[*place, key]
            raise self._error(
                node, f"the key `{key}` stands here again", f"the first is on line {first}"
            )

    def _refuse_endless(self, node: Node) -> None:
        if any(node is outer for outer in self._open):
            raise self._error(node, "an anchored value holds itself", "remove the alias in it")
        self._count += 1
        if self._count > MOST_VALUES:
            what = f"there are more than {MOST_VALUES:,} values"
            raise self._error(node, what, self.when_large)

    def _error(self, node: Node, what: str, hint: str | None) -> DocumentError:
        return DocumentError(what, file=self.file, line=node.start_mark.line + 1, hint=hint)


def _tag(node: Node) -> str:
    """Tell a node's tag; what is known needs no decoding, which takes longer than all the rest."""
    tag = node.ctag
    return tag.suffix if tag.handle is None and tag.suffix in _KNOWN else str(tag)


def _is_text(text: str, tag: str) -> bool:
    """Tell whether it is a text that ruamel.yaml, as YAML 1.1 did, takes for a number."""
    return is_label(text) or (tag in _NUMBERS and _OLD_NUMBER.match(text) is not None)


def _suits_libyaml(text: str) -> bool:
    opened = sum(1 for _ in islice(_OPENING.finditer(text), _MOST_OPENED))
    return opened < _MOST_OPENED and not _READ_DIFFERENTLY.search(text)
