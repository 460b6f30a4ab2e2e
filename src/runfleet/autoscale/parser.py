"""From the text of a formula to its statements."""

from __future__ import annotations

import re
from functools import cache
from typing import cast

from lark import Lark, Token, Transformer, UnexpectedInput, UnexpectedToken

from runfleet.autoscale.errors import FormulaSyntaxError, FormulaTooLongError
from runfleet.autoscale.tree import (
    Assignment,
    Call,
    Chain,
    Choice,
    Expression,
    Formula,
    Member,
    MethodCall,
    Name,
    Number,
    Place,
    Statement,
    Step,
    Text,
    Unary,
    Vector,
    place_of,
    walk,
)

MAX_CHARACTERS = 8192
MAX_STATEMENTS = 100
# Far more than anybody writes, and little enough to be evaluated by functions that call themselves.
MAX_DEPTH = 100

_GRAMMAR = r"""
formula: statement? (";" statement?)*

?statement: NAME "=" expression -> assignment
    | expression

?expression: disjunction
    | disjunction QUESTION expression ":" expression -> choice
?disjunction: conjunction
    | conjunction (OR conjunction)+ -> chain
?conjunction: equality
    | equality (AND equality)+ -> chain
?equality: comparison
    | comparison ((EQUAL | UNEQUAL) comparison)+ -> chain
?comparison: sum
    | sum ((LESS | AT_MOST | AT_LEAST | MORE) sum)+ -> chain
?sum: product
    | product ((PLUS | MINUS) product)+ -> chain
?product: unary
    | unary ((TIMES | DIVIDE) unary)+ -> chain
?unary: postfix
    | (MINUS | NOT) unary -> unary
?postfix: primary
    | postfix "." NAME -> member
    | postfix "." NAME OPEN arguments ")" -> method_call
?primary: NUMBER -> number
    | STRING -> text
    | NAME -> name
    | NAME OPEN arguments ")" -> call
    | BRACKET arguments "]" -> vector
    | "(" expression ")"
arguments: (expression ("," expression)*)?

QUESTION: "?"
OR: "||"
AND: "&&"
EQUAL: "=="
UNEQUAL: "!="
LESS: "<"
AT_MOST: "<="
AT_LEAST: ">="
MORE: ">"
PLUS: "+"
MINUS: "-"
TIMES: "*"
DIVIDE: "/"
NOT: "!"
OPEN: "("
BRACKET: "["
NAME: /\$?[A-Za-z_][A-Za-z0-9_]*/
NUMBER: /(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?/
STRING: /"[^"\n]*"/
COMMENT: /\/\/[^\n]*/
%ignore COMMENT
%ignore /\s+/
"""

_HINTS = {
    "%": "formulas have no `%`; a remainder is `x - floor(x / y) * y`",
    "&": "and is written `&&`",
    "|": "or is written `||`",
    "'": 'strings stand in double quotes, as in `"2016-10-13"`',
    '"': "a string ends with a double quote on the line it begins on",
    "^": "formulas have no powers; multiply",
    "{": "blocks do not exist; choose with `condition ? this : that`",
}
_ASSIGNMENT_HINT = "`=` sets a variable at the beginning of a statement; compare with `==`"
_NEW_STATEMENT_HINT = "end the statement before it with `;`"


def parse(text: str) -> Formula:
    """
    Read a formula.

    Raises
    ------
    FormulaSyntaxError
        If it is not one, with the place and how to mend it.
    """
    _check_length(text)
    try:
        # The transformer is given to the parser, so what comes back is no tree of lark's.
        statements = cast("tuple[Statement, ...]", _parser().parse(text))
    except UnexpectedInput as unexpected:
        raise _syntax_error(text, unexpected) from unexpected
    _check_statements(text, statements)
    return Formula(statements, text)


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, start="formula", parser="lalr", transformer=_Builder())


class _Builder(Transformer[Token, tuple[Statement, ...]]):
    """Builds our tree from the rules of the grammar, which are named after its methods."""

    def formula(self, statements: list[Statement]) -> tuple[Statement, ...]:
        return tuple(statements)

    def assignment(self, children: tuple[Token, Expression]) -> Assignment:
        name, value = children
        return Assignment(str(name), value, _place(name))

    def choice(self, children: tuple[Expression, Token, Expression, Expression]) -> Choice:
        condition, question, then, otherwise = children
        return Choice(condition, then, otherwise, _place(question))

    def chain(self, children: list[Expression | Token]) -> Chain:
        operators = cast("list[Token]", children[1::2])
        operands = cast("list[Expression]", children[::2])
        pairs = zip(operators, operands[1:], strict=True)
        steps = tuple(Step(str(token), operand, _place(token)) for token, operand in pairs)
        return Chain(operands[0], steps)

    def unary(self, children: tuple[Token, Expression]) -> Unary:
        operator, operand = children
        return Unary(str(operator), operand, _place(operator))

    def member(self, children: tuple[Expression, Token]) -> Member:
        owner, member = children
        return Member(owner, str(member), _place(member))

    def method_call(
        self, children: tuple[Expression, Token, Token, tuple[Expression, ...]]
    ) -> MethodCall:
        owner, method, opening, arguments = children
        place = _span(place_of(owner), _place(method))
        return MethodCall(owner, str(method), arguments, place, _place(opening))

    def call(self, children: tuple[Token, Token, tuple[Expression, ...]]) -> Call:
        function, _, arguments = children
        return Call(str(function), arguments, _place(function))

    def vector(self, children: tuple[Token, tuple[Expression, ...]]) -> Vector:
        opening, items = children
        return Vector(items, _place(opening))

    def arguments(self, children: list[Expression]) -> tuple[Expression, ...]:
        return tuple(children)

    def number(self, children: tuple[Token]) -> Number:
        return Number(float(children[0]), _place(children[0]))

    def text(self, children: tuple[Token]) -> Text:
        return Text(children[0][1:-1], _place(children[0]))

    def name(self, children: tuple[Token]) -> Name:
        return Name(str(children[0]), _place(children[0]))


def _place(token: Token) -> Place:
    return Place(token.line or 1, token.column or 1, len(token))


def _span(first: Place, last: Place) -> Place:
    if first.line != last.line:
        return last
    return Place(first.line, first.column, last.column + last.width - first.column)


def _check_length(text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise FormulaTooLongError(
            f"the formula has {len(text)} characters, and may have {MAX_CHARACTERS}",
            place=_place_at(text, MAX_CHARACTERS),
            hint="shorten its comments and the names of its variables",
        )


def _check_statements(text: str, statements: tuple[Statement, ...]) -> None:
    if not statements:
        raise FormulaSyntaxError(
            "the formula holds no statement",
            place=_place_at(text, len(text)),
            hint="set a target, as in `$TargetDedicatedNodes = 1;`",
        )
    if len(statements) > MAX_STATEMENTS:
        raise FormulaSyntaxError(
            f"the formula has {len(statements)} statements, and may have {MAX_STATEMENTS}",
            place=place_of(statements[MAX_STATEMENTS]),
        )
    for statement in statements:
        _check_depth(statement)


def _check_depth(statement: Statement) -> None:
    for node, depth in walk(statement):
        if depth > MAX_DEPTH:
            raise FormulaSyntaxError(
                f"expressions are nested more than {MAX_DEPTH} deep",
                place=place_of(node),
                hint="give a part of it a variable of its own",
            )


def _syntax_error(text: str, unexpected: UnexpectedInput) -> FormulaSyntaxError:
    if isinstance(unexpected, UnexpectedToken) and unexpected.token.type == "$END":
        return _unfinished(text)
    if isinstance(unexpected, UnexpectedToken):
        token = unexpected.token
        return FormulaSyntaxError(
            f"unexpected `{token}`", place=_place(token), hint=_hint_for(text, token)
        )
    position = unexpected.pos_in_stream or 0
    character = text[position]
    return FormulaSyntaxError(
        f"unexpected `{character}`",
        place=_place_at(text, position),
        hint=_HINTS.get(character),
    )


def _hint_for(text: str, token: Token) -> str | None:
    if token.value == "=":
        return _ASSIGNMENT_HINT
    before = text[: token.start_pos or 0].rstrip(" \t\r")
    begins_line = before.endswith("\n") and re.search(r"[\w)\]\"]\s*\Z", _uncommented(before))
    return _NEW_STATEMENT_HINT if begins_line and token.type == "NAME" else None


def _unfinished(text: str) -> FormulaSyntaxError:
    opened = _still_open(text)
    if opened is None:
        return FormulaSyntaxError(
            "the formula ends in the middle of a statement", place=_place_at(text, len(text))
        )
    bracket, place = opened
    return FormulaSyntaxError(
        f"the formula ends before `{bracket}` is closed",
        place=_place_at(text, len(text)),
        underline=place,
        hint=f"close the `{bracket}` of line {place.line}, column {place.column}",
    )


def _still_open(text: str) -> tuple[str, Place] | None:
    opened: list[tuple[str, Place]] = []
    for match in re.finditer(r"[()\[\]]", _blanked(text)):
        if match.group() in "([":
            opened.append((match.group(), _place_at(text, match.start())))
        elif opened:
            opened.pop()
    return opened[-1] if opened else None


def _uncommented(text: str) -> str:
    return re.sub(r"//[^\n]*", "", text)


def _blanked(text: str) -> str:
    """The text with blanks in place of comments and strings."""
    return re.sub(r'//[^\n]*|"[^"\n]*"', lambda match: " " * len(match.group()), text)


def _place_at(text: str, position: int) -> Place:
    before = text[:position]
    return Place(before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1)
