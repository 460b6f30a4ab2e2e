"""The kinds of value that members of request bodies have, beside those of JSON itself."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from runfleet.wire.values import duration_text, parse_duration, parse_time, time_text


def one_of(*words: str) -> AfterValidator:
    """A text that is one of some words, in any case; answers spell it as given here."""
    spelling = {word.lower(): word for word in words}

    def check(text: str) -> str:
        try:
            return spelling[text.lower()]
        except KeyError:
            raise ValueError(f"must be one of {', '.join(words)}") from None

    return AfterValidator(check)


Duration = Annotated[str, AfterValidator(lambda text: duration_text(parse_duration(text)))]
Timestamp = Annotated[str, AfterValidator(lambda text: time_text(parse_time(text)))]
