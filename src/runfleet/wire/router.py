"""From a path to the operation that it asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from runfleet.wire.errors import WireError
from runfleet.wire.operations import OPERATIONS, Operation
from runfleet.wire.requests import Request

_REST_OF_PATH = "path"


@dataclass(slots=True)
class Branch:
    """
    The operations at one place of the tree of paths, and the places below it.

    Parameters
    ----------
    operations
        By HTTP method, those whose paths end here.
    words
        The places below by the word of their segment.
    parameter, below
        What any other segment means, and the place below it.
    """

    operations: dict[str, Operation] = field(default_factory=dict)
    words: dict[str, Branch] = field(default_factory=dict)
    parameter: str = ""
    below: Branch | None = None


def route(request: Request, root: Branch | None = None) -> Request:
    """
    Name the operation of a request and the parameters in its path.

    The path is split before it is decoded, so that ``%2F`` stays inside its segment; a file's path
    may also come with raw slashes.

    Parameters
    ----------
    request
        As it came.
    root
        The tree of paths; None for that of the data plane.

    Raises
    ------
    WireError
        ``ResourceNotFound`` for a path that means nothing, ``UnsupportedHttpVerb`` for a method
        that the path does not take.
    """
    branch, parameters = _find(root or _ROOT, _segments(request.path))
    if not branch.operations:
        raise WireError("ResourceNotFound")
    operation = branch.operations.get(request.method)
    if operation is None:
        raise WireError("UnsupportedHttpVerb")
    return replace(request, operation=operation, parameters=parameters)


def _segments(path: str) -> list[str]:
    """Split a raw path; ``/certificates(...)`` counts as a word and a parameter."""
    segments = path.lstrip("/").split("/")
    word, bracket, rest = segments[0].partition("(")
    return [word, bracket + rest, *segments[1:]] if bracket else segments


def _find(root: Branch, segments: Sequence[str]) -> tuple[Branch, dict[str, str]]:
    branch, parameters = root, dict[str, str]()
    for index, segment in enumerate(segments):
        word = branch.words.get(segment.lower())
        if word is not None:
            branch = word
        elif branch.below is None or not segment:
            raise WireError("ResourceNotFound")
        elif branch.parameter == _REST_OF_PATH:
            # File names are bytes, which need not be UTF-8.
            rest = unquote("/".join(segments[index:]), errors="surrogateescape")
            parameters[_REST_OF_PATH] = rest
            return branch.below, parameters
        else:
            parameters[branch.parameter] = unquote(segment)
            branch = branch.below
    return branch, parameters


def tree_of(operations: Sequence[Operation]) -> Branch:
    """Grow the tree of paths of some operations; the words of their templates in lower case."""
    root = Branch()
    for operation in operations:
        branch = root
        for segment in operation.path.lstrip("/").split("/"):
            branch = _grow(branch, segment)
        branch.operations[operation.method] = operation
    return root


def _grow(branch: Branch, segment: str) -> Branch:
    if not segment.startswith("{"):
        return branch.words.setdefault(segment, Branch())
    branch.parameter = segment.strip("{}")
    branch.below = branch.below or Branch()
    return branch.below


_ROOT = tree_of(OPERATIONS)
