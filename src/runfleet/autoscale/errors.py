"""What can be wrong with a formula, with its place and the service's own words for it."""

from __future__ import annotations

from collections.abc import Iterable

from runfleet.autoscale.tree import Place
from runfleet.errors import RunfleetError
from runfleet.nearest_word import nearest


class InvalidParameterError(RunfleetError):
    """A ready-made formula was asked for with a parameter that makes no sense."""


class FaultError(RunfleetError):
    """
    Something is wrong with a value, found by code that does not know where the value stands.

    Whoever knows the place turns it into a `FormulaEvaluationError`.
    """


class FormulaError(RunfleetError):
    """
    Something is wrong with a formula.

    Parameters
    ----------
    what
        What is wrong, in one sentence without a full stop.
    place
        Where the service says it is.
    underline
        The stretch of the text that is at fault; None if it is the place itself.
    recorded
        The service's own words, where they are known.
    hint
        How to mend it.
    """

    run_code = "AutoScalingFormulaEvaluationError"
    run_message = "The specified auto-scaling formula has evaluation error"

    def __init__(
        self,
        what: str,
        *,
        place: Place,
        underline: Place | None = None,
        recorded: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(f"{what} (line {place.line}, column {place.column})", hint=hint)
        self.what = what
        self.place = place
        self.underline = underline or place
        self._recorded = recorded

    @property
    def line(self) -> int:
        """The line, counted from 1."""
        return self.place.line

    @property
    def column(self) -> int:
        """The column, counted from 1."""
        return self.place.column

    @property
    def detail(self) -> str:
        """What the service puts among the `values` of its error."""
        own_words = self.what[:1].upper() + self.what[1:]
        words = self._recorded or own_words.replace("`", "")
        return f"Line {self.line}, Col {self.column}: {words}"


class FormulaSyntaxError(FormulaError):
    """The text is not a formula; `request_code` is how a request that brings it is refused."""

    request_code = "AutoScalingFormulaSyntaxError"


class FormulaTooLongError(FormulaSyntaxError):
    """The text has more characters than a formula may have."""

    request_code = "AutoScaleFormulaTooLong"


class FormulaEvaluationError(FormulaError):
    """The formula has no result: an unknown name, a wrong type, a value out of range."""


class InsufficientSampleDataError(FormulaEvaluationError):
    """The formula insists on more samples than there are."""

    run_code = "InsufficientSampleData"
    run_message = "Autoscale evaluation failed due to insufficient sample data"


def suggest(word: str, known: Iterable[str]) -> str | None:
    """Ask whether the nearest known word was meant; None where none is near."""
    meant = nearest(word, known, cutoff=0.7)
    return f"did you mean `{meant}`?" if meant else None
