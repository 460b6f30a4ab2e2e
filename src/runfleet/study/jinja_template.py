"""Jinja2 templates as overlays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from jinja2 import Template, TemplateError, TemplateSyntaxError, meta, nodes

from runfleet.nearest_word import nearest
from runfleet.study.errors import StudyError
from runfleet.study.jinja_environment import (
    MOST_CHARACTERS,
    TemplateEnvironment,
    bounded_functions,
)
from runfleet.study.values import Sample

_WORDS = frozenset({"true", "false", "none", "True", "False", "None", "self"})
_NO_FILTERS = {
    "exp": "write `{{ 2.718281828459045 ** X }}`",
    "log": "let the parameter be the logarithm, and write `{{ 10 ** X }}` for the number",
    "pow": "write `{{ X ** 2 }}`",
    "sqrt": "write `{{ X ** 0.5 }}`",
}
"""What filters would do that there are not."""


@dataclass(frozen=True)
class Question:
    """
    What a condition of a template asks of a name.

    Parameters
    ----------
    name
        The name.
    text
        The text that it is compared with; None where it is asked for truth, as in `{% if WET %}`.
    line
        Where it stands in the template.
    """

    name: str
    text: str | None
    line: int


@dataclass(frozen=True)
class JinjaTemplate:
    """
    A text with `{{ PARAMETER }}` in it, and whatever else Jinja2 can do.

    Use `parse` to make one.

    Parameters
    ----------
    file
        Where the text is from.
    text
        The template.
    uses
        The names that it reads, each with the line of its first use.
    questions
        What its conditions ask of names.
    """

    file: Path
    text: str
    uses: dict[str, int]
    questions: tuple[Question, ...] = ()

    @classmethod
    def parse(cls, file: Path, text: str) -> JinjaTemplate:
        """
        Read a template.

        Raises
        ------
        StudyError
            If its syntax is wrong or it includes other templates.
        """
        try:
            return cls._parsed(file, text)
        except TemplateSyntaxError as error:
            raise StudyError(
                f"the template's syntax is wrong: {_sentence(error)}",
                file=file,
                line=error.lineno,
                hint="see https://jinja.palletsprojects.com/templates; wrap text that is no "
                "template in `{% raw %}` and `{% endraw %}`",
            ) from error
        except RecursionError:
            hint = "calculate in steps, as in `{% set HALF = A / 2 %}`"
            raise StudyError("the template is nested too deeply", file=file, hint=hint) from None

    @classmethod
    def _parsed(cls, file: Path, text: str) -> JinjaTemplate:
        environment = TemplateEnvironment(text)
        tree = environment.parse(text)
        _refuse_includes(file, tree)
        _refuse_unknown(file, tree, environment)
        return cls(file, text, dict(_uses(environment, tree)), tuple(_questions(tree)))

    @staticmethod
    def folded(name: str) -> str:
        """Spell a name as it is: the case counts."""
        return name

    @staticmethod
    def can_read(name: str) -> bool:
        """Tell whether a parameter of this name can be read, and the name means nothing else."""
        return name not in _WORDS

    @staticmethod
    def field(name: str) -> str:
        """Write what stands for a parameter."""
        return f"{{{{ {name} }}}}"

    def render(self, sample: Sample, run_name: str) -> str:
        """
        Fill in the values of a sample, numbers being numbers, and `run_name`.

        Raises
        ------
        StudyError
            If the template cannot be filled in with these values.
        """
        try:
            return self._rendered({**bounded_functions(), **sample, "run_name": run_name})
        except Exception as error:  # A template is a program: it can raise anything.
            raise StudyError(
                f"the template fails for run `{run_name}`: {_sentence(error)}",
                file=self.file,
                line=_line_of(error),
                hint="change the template, or the values that parameters can take",
            ) from error

    def _rendered(self, values: Mapping[str, object]) -> str:
        pieces: list[str] = []
        length = 0
        for piece in self._compiled.generate(values):
            pieces.append(piece)
            length += len(piece)
            if length > MOST_CHARACTERS:
                raise ArithmeticError(f"it makes more than {MOST_CHARACTERS:,} characters")
        return "".join(pieces)

    @cached_property
    def _compiled(self) -> Template:
        return TemplateEnvironment(self.text).compiled()


def _uses(environment: TemplateEnvironment, tree: nodes.Template) -> Iterator[tuple[str, int]]:
    functions = set(environment.globals)
    # A parameter called `range` comes before the function; what is called is the function.
    environment.globals.clear()
    called = {id(call.node) for call in tree.find_all(nodes.Call)}
    read = {node.name for node in tree.find_all(nodes.Name) if id(node) not in called}
    free = {
        name
        for name in meta.find_undeclared_variables(tree)
        if name in read or name not in functions
    }
    first: dict[str, int] = {}
    for node in tree.find_all(nodes.Name):
        first[node.name] = min(node.lineno, first.get(node.name, node.lineno))
    return (
        (name, first.get(name, 1)) for name in sorted(free, key=lambda name: first.get(name, 1))
    )


def _questions(tree: nodes.Template) -> Iterator[Question]:
    for branch in tree.find_all(nodes.If):
        yield from _asked(branch.test)
    for choice in tree.find_all(nodes.CondExpr):
        yield from _asked(choice.test)


def _asked(condition: nodes.Node) -> Iterator[Question]:
    match condition:
        case nodes.Name():
            yield Question(condition.name, None, condition.lineno)
        case nodes.Not():
            yield from _asked(condition.node)
        case nodes.And() | nodes.Or():
            yield from _asked(condition.left)
            yield from _asked(condition.right)
        case nodes.Compare(
            expr=nodes.Name(name=name), ops=[nodes.Operand(expr=nodes.Const(value=str(text)))]
        ):
            yield Question(name, text, condition.lineno)


def _refuse_includes(file: Path, tree: nodes.Template) -> None:
    kinds = (nodes.Include, nodes.Extends, nodes.Import, nodes.FromImport)
    for node in tree.find_all(kinds):
        raise StudyError(
            "a template cannot include another file",
            file=file,
            line=node.lineno,
            hint="write its text into this template",
        )


def _refuse_unknown(file: Path, tree: nodes.Template, environment: TemplateEnvironment) -> None:
    """Refuse filters and tests that there are not, also where a condition leads to them."""
    kinds = ((nodes.Filter, "filter", environment.filters), (nodes.Test, "test", environment.tests))
    for kind, word, known in kinds:
        for node in tree.find_all(kind):
            if node.name not in known:
                raise StudyError(
                    f"there is no {word} `{node.name}`",
                    file=file,
                    line=node.lineno,
                    hint=_NO_FILTERS.get(node.name) or _near(node.name, known, word),
                )


def _near(name: str, known: Iterable[str], word: str) -> str:
    meant = nearest(name, known)
    if meant is not None:
        return f"did you mean `{meant}`?"
    return f"see the {word}s on https://jinja.palletsprojects.com/templates"


def _line_of(error: Exception) -> int | None:
    """Find the template's line in the traceback, which Jinja2 rewrites to hold it."""
    line, entry = None, error.__traceback__
    while entry is not None:
        if entry.tb_frame.f_code.co_filename == "<template>":
            line = entry.tb_lineno
        entry = entry.tb_next
    return line


def _sentence(error: Exception) -> str:
    text = error.message if isinstance(error, TemplateError) else str(error)
    return (text or type(error).__name__).removesuffix(".")
