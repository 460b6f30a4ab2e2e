"""What is a formula, and what the others lack."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.autoscale import (
    MAX_CHARACTERS,
    MAX_STATEMENTS,
    FormulaSyntaxError,
    FormulaTooLongError,
    explain,
    parse,
)
from runfleet.autoscale.tree import (
    Assignment,
    Call,
    Chain,
    Choice,
    Expression,
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
)

HERE = Place(1, 1)
LEVELS = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">=", ">"), ("+", "-"), ("*", "/"))


def written(node: Statement) -> str:
    """Write a tree as a text, in parentheses wherever it is not a single word."""
    match node:
        case Assignment():
            return f"{node.name} = {written(node.value)}"
        case Number():
            return repr(node.value)
        case Text():
            return f'"{node.value}"'
        case Name():
            return node.name
        case Vector():
            return f"[{listed(node.items)}]"
        case Call():
            return f"{node.function}({listed(node.arguments)})"
        case Member():
            return f"({written(node.owner)}).{node.member}"
        case MethodCall():
            return f"({written(node.owner)}).{node.method}({listed(node.arguments)})"
        case Unary():
            return f"{node.operator}({written(node.operand)})"
        case Chain():
            steps = [f"{step.operator} ({written(step.operand)})" for step in node.steps]
            return f"({written(node.first)}) {' '.join(steps)}"
        case Choice():
            parts = (node.condition, node.then, node.otherwise)
            condition, then, otherwise = (f"({written(part)})" for part in parts)
            return f"{condition} ? {then} : {otherwise}"


def listed(nodes: tuple[Expression, ...]) -> str:
    return ", ".join(map(written, nodes))


names = st.from_regex(r"\$?[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
plain_names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
leaves = st.one_of(
    st.floats(min_value=0, allow_infinity=False).map(lambda value: Number(value, HERE)),
    st.text("abc/():;-0123 ", max_size=9).map(lambda value: Text(value, HERE)),
    names.map(lambda name: Name(name, HERE)),
)


def larger(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    some = st.lists(inner, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Vector, some, st.just(HERE)),
        st.builds(Call, names, some, st.just(HERE)),
        st.builds(Member, inner, plain_names, st.just(HERE)),
        st.builds(MethodCall, inner, plain_names, some, st.just(HERE), st.just(HERE)),
        st.builds(Unary, st.sampled_from("-!"), inner, st.just(HERE)),
        st.sampled_from(LEVELS).flatmap(lambda signs: chains(inner, signs)),
        st.builds(Choice, inner, inner, inner, st.just(HERE)),
    )


def chains(
    inner: st.SearchStrategy[Expression], signs: tuple[str, ...]
) -> st.SearchStrategy[Expression]:
    step = st.builds(Step, st.sampled_from(signs), inner, st.just(HERE))
    return st.builds(Chain, inner, st.lists(step, min_size=1, max_size=3).map(tuple))


expressions = st.recursive(leaves, larger, max_leaves=12)
statements = st.one_of(st.builds(Assignment, names, expressions, st.just(HERE)), expressions)


@given(st.lists(statements, min_size=1, max_size=4))
def test_what_is_written_is_read(tree: list[Statement]) -> None:
    """Any tree, written down, is read as itself; comments and line breaks change nothing."""
    text = "; // and then\n".join(map(written, tree))
    assert parse(text).statements == tuple(tree)


def error_of(text: str) -> FormulaSyntaxError | None:
    try:
        parse(text)
    except FormulaSyntaxError as error:
        return error
    return None


@given(st.text('$ab1.=()[],;?:<>&|!+-*/"% \n', max_size=30))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    """Nothing else is raised, and the place lies in the text, at most one behind it."""
    error = error_of(text)
    if error is not None:
        lines = text.split("\n")
        assert 1 <= error.line <= len(lines)
        assert 1 <= error.column <= len(lines[error.line - 1]) + 1
        assert explain(error, text).startswith(error.message)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1 + 2 * 3", "1 + (2 * 3)"),
        ("1 - 2 - 3", "(1 - 2) - 3"),
        ("1 < 2 == 3 > 4", "(1 < 2) == (3 > 4)"),
        ("1 || 2 && 3", "1 || (2 && 3)"),
        ("1 && 2 == 3", "1 && (2 == 3)"),
        ("-1 * 2", "(-1) * 2"),
        ("!1 == 2", "(!1) == 2"),
        ("-time().hour", "-(time().hour)"),
        ("1 || 2 ? 3 : 4", "(1 || 2) ? 3 : 4"),
        ("1 ? 2 : 3 ? 4 : 5", "1 ? 2 : (3 ? 4 : 5)"),
        ("1 ? 2 ? 3 : 4 : 5", "1 ? (2 ? 3 : 4) : 5"),
    ],
)
def test_precedence_is_that_of_c(text: str, meant: str) -> None:
    """Signs first, then products, sums, comparisons, equality, and, or, choice."""
    tree, expected = parse(text).statements, parse(meant).statements
    assert tuple(map(written, tree)) == tuple(map(written, flattened(expected)))


def flattened(tree: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """`(1 - 2) - 3` with parentheses is a chain in a chain; without, one chain."""
    match tree:
        case (Chain(Chain(first, inner), outer),) if {step.operator for step in inner} == {"-"}:
            return (Chain(first, inner + outer),)
        case _:
            return tree


def test_places_are_those_of_the_text() -> None:
    """Lines and columns count from 1; a method lies from its metric to its name."""
    formula = parse("x = 1;\n  y = $CPUPercent.GetSample(x + 2);")
    second = formula.statements[1]
    assert isinstance(second, Assignment)
    assert second.place == Place(2, 3, 1)
    call = second.value
    assert isinstance(call, MethodCall)
    assert (call.place, call.parenthesis) == (Place(2, 7, 21), Place(2, 28, 1))
    chain = call.arguments[0]
    assert isinstance(chain, Chain)
    assert chain.steps[0].place == Place(2, 31, 1)


@pytest.mark.parametrize(
    ("text", "explanation"),
    [
        (
            "x = 5 % 2",
            (
                "unexpected `%` (line 1, column 7)\n"
                "    x = 5 % 2\n"
                "          ~\n"
                "hint: formulas have no `%`; a remainder is `x - floor(x / y) * y`"
            ),
        ),
        (
            "x = 1 // one\ny = 2;",
            (
                "unexpected `y` (line 2, column 1)\n"
                "    y = 2;\n"
                "    ~\n"
                "hint: end the statement before it with `;`"
            ),
        ),
        (
            "x = $ActiveTasks = 1 ? 2 : 3;",
            (
                "unexpected `=` (line 1, column 18)\n"
                "    x = $ActiveTasks = 1 ? 2 : 3;\n"
                "                     ~\n"
                "hint: `=` sets a variable at the beginning of a statement; compare with `==`"
            ),
        ),
        (
            "x = max(0, (1 + 2); // )",
            (
                "unexpected `;` (line 1, column 19)\n"
                "    x = max(0, (1 + 2); // )\n"
                "                      ~"
            ),
        ),
        (
            "x = max(0,\n   [1, 2]",
            (
                "the formula ends before `(` is closed (line 2, column 10)\n"
                "    x = max(0,\n"
                "           ~\n"
                "hint: close the `(` of line 1, column 8"
            ),
        ),
        (
            "x = 1 +",
            (
                "the formula ends in the middle of a statement (line 1, column 8)\n"
                "    x = 1 +\n"
                "           ~"
            ),
        ),
        (
            "x = 'requeue'",
            (
                "unexpected `'` (line 1, column 5)\n"
                "    x = 'requeue'\n"
                "        ~\n"
                'hint: strings stand in double quotes, as in `"2016-10-13"`'
            ),
        ),
        (
            'x = time("2016-10-13);',
            (
                'unexpected `"` (line 1, column 10)\n'
                '    x = time("2016-10-13);\n'
                "             ~\n"
                "hint: a string ends with a double quote on the line it begins on"
            ),
        ),
        (
            "$TargetDedicatedNodes = {pool.nodes};",
            (
                "unexpected `{` (line 1, column 25)\n"
                "    $TargetDedicatedNodes = {pool.nodes};\n"
                "                            ~\n"
                "hint: blocks do not exist; choose with `condition ? this : that`"
            ),
        ),
        (
            "// nothing yet",
            (
                "the formula holds no statement (line 1, column 15)\n"
                "    // nothing yet\n"
                "                  ~\n"
                "hint: set a target, as in `$TargetDedicatedNodes = 1;`"
            ),
        ),
    ],
)
def test_what_is_no_formula_is_explained(text: str, explanation: str) -> None:
    """The message, the line with the place underlined, and a way to mend it."""
    with pytest.raises(FormulaSyntaxError) as raised:
        parse(text)
    assert explain(raised.value, text) == explanation
    assert raised.value.request_code == "AutoScalingFormulaSyntaxError"


def test_a_formula_has_at_most_8192_characters() -> None:
    """One more is too long, with a code of its own."""
    text = "x = 1;".ljust(MAX_CHARACTERS)
    parse(text)
    with pytest.raises(FormulaTooLongError) as raised:
        parse(text + " ")
    assert raised.value.what == "the formula has 8193 characters, and may have 8192"
    assert raised.value.request_code == "AutoScaleFormulaTooLong"


def test_a_formula_has_at_most_100_statements() -> None:
    """The place is that of the first statement too many."""
    text = "x = 1;\n" * MAX_STATEMENTS
    assert len(parse(text).statements) == MAX_STATEMENTS
    with pytest.raises(FormulaSyntaxError) as raised:
        parse(f"{text}y = 2;")
    assert raised.value.message == (
        "the formula has 101 statements, and may have 100 (line 101, column 1)"
    )


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("-" * 5000 + "1", "expressions are nested more than 100 deep"),
        ("[" * 4000 + "]" * 4000, "expressions are nested more than 100 deep"),
        ("1 ? 2 : " * 900 + "3", "expressions are nested more than 100 deep"),
        ("(" * 8000, "the formula ends before `(` is closed"),
    ],
)
def test_deep_formulas_are_refused(text: str, what: str) -> None:
    """Nesting never exhausts the stack."""
    error = error_of(text)
    assert error is not None
    assert error.what == what


def test_parentheses_alone_are_not_deep() -> None:
    """They leave nothing behind."""
    assert parse("(" * 3000 + "1" + ")" * 3000).statements == (Number(1, HERE),)


def test_long_chains_are_not_deep() -> None:
    """A thousand summands are one chain."""
    (chain,) = parse("+".join(["1"] * 1000)).statements
    assert isinstance(chain, Chain)
    assert len(chain.steps) == 999
