"""Why something went wrong is told in a few words, and without secrets."""

import pytest

from runfleet.reasons import innermost, redacted


class SdkError(Exception):
    """As the SDK raises them: outside the handler of what caused them."""

    def __init__(self, inner_exception):
        super().__init__("a long story")
        self.inner_exception = inner_exception


def caused(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (SdkError(caused(ValueError("b"), OSError(113, "No route to host"))), "No route to host"),
        (ValueError(), "ValueError"),
        (
            ValueError("cannot open https://a/b?sig=ab%2B&se=1"),
            "cannot open https://a/b?sig=***&se=1",
        ),
    ],
)
def test_what_is_at_the_bottom_of_an_error(error, said):
    assert innermost(error) == said


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("`https://a/b?se=1&sig=ab%2B` is wrong", "`https://a/b?se=1&sig=***` is wrong"),
        ("AccountName=a;AccountKey=ab+c==;x", "AccountName=a;AccountKey=***;x"),
        ("?Signature=x", "?Signature=***"),
        ("design=grid", "design=grid"),
    ],
)
def test_signatures_and_keys_are_not_told(text, told):
    assert redacted(text) == told
