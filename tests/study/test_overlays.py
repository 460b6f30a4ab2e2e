"""Overlays are rendered from Jinja2 templates and PEST template files."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.documents.errors import InvalidValueError
from runfleet.study import Overlay, Study, StudyError
from runfleet.study.jinja_template import JinjaTemplate
from runfleet.study.pest_template import PestTemplate, fit, shortened


def overlay(folder: Path, content: str | bytes) -> Overlay:
    source = folder / "template"
    source.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Overlay.read(PurePosixPath("x.inp"), source, shown=Path("template"))


def test_jinja_values_are_numbers(tmp_path: Path):
    template = (
        "{{ A * 2 }} {{ A | round(1) }} {{ '%05d' | format(N) }} {{ S }} {{ T }} {{ run_name }}"
    )
    sample = {"A": 0.125, "N": 7, "S": "x", "T": True}
    rendered = overlay(tmp_path, template).render(sample, "run-1")
    assert rendered == b"0.25 0.1 00007 x true run-1"


@pytest.mark.parametrize(
    "content",
    [
        b"a\r\n{{ A }}\r\n",
        b"a\n\n{{ A }}",
        b"a\n{{ A }}\r\nb\rc\n\r\n",
        b"\xb0C {{ A }}\n",
        "°C {{ A }}\n".encode(),
    ],
)
def test_jinja_leaves_line_ends_and_encoding_alone(tmp_path: Path, content: bytes):
    rendered = overlay(tmp_path, content).render({"A": 1}, "r")
    assert rendered == content.replace(b"{{ A }}", b"1")


RENDERED = {
    "": "",
    "\fa": "\fa",
    "{{ A }}": "1",
    "{{\r\nA }}": "1",
    "{#\r#}": "",
    "{% raw %}\n{% endraw %}": "\n",
    "{% if A\n%}b{% endif %}": "b",
}
"""What lines have before their ends, and what becomes of it."""


@given(st.lists(st.tuples(st.sampled_from([*RENDERED]), st.sampled_from(["\n", "\r\n", "\r"]))))
def test_each_line_keeps_its_own_end(lines: list[tuple[str, str]]):
    text = "".join(start + end for start, end in lines)
    rendered = JinjaTemplate.parse(Path("t"), text).render({"A": 1}, "r")
    assert rendered == "".join(RENDERED[start] + end for start, end in lines)


def test_a_byte_order_mark_is_the_templates_where_its_first_line_is(tmp_path: Path):
    """The line with `ptf` is no part of the file that is made, nor is what stands before it."""
    pest = "\ufeffptf ~\r\n°C ~ A  ~\r\n".encode()
    assert overlay(tmp_path, pest).render({"A": 1}, "r") == "°C    1.0\r\n".encode()
    jinja = "\ufeff°C {{ A }}\r\n".encode()
    assert overlay(tmp_path, jinja).render({"A": 1}, "r") == "\ufeff°C 1\r\n".encode()


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ B }} {{ not B }}", b"true false"),
        ("{{ B | lower }} {{ B | tojson }}", b"true true"),
        ("{{ 'wet is ' ~ B | lower }}", b"wet is true"),
        ("{{ '%s' | format(B | lower) }}", b"true"),
        ("{% if B %}wet{% endif %}{% if B is true %}!{% endif %}", b"wet!"),
    ],
)
def test_jinja_can_spell_truth_values_as_elsewhere(tmp_path: Path, template: str, text: bytes):
    """Filters take them for Python's, unless one of them has spelled them before."""
    assert overlay(tmp_path, template).render({"B": True}, "r") == text


def test_jinja_reaches_no_further_than_its_values(tmp_path: Path):
    harmful = overlay(tmp_path, "{{ A.__class__.__mro__ }}")
    with pytest.raises(StudyError, match="access to attribute '__class__'"):
        harmful.render({"A": 1}, "r")


NO_NUMBER = "which is not a number a model can be run with"
UNFIT = {
    "{{ A * 1e308 }}": f"`*` of 10.0 and 1e+308 is `inf`, {NO_NUMBER}",
    "{{ '%.3f' | format(A * 1e308) }}": f"`*` of 10.0 and 1e+308 is `inf`, {NO_NUMBER}",
    "{{ 'H=' ~ (6 - A) ** 0.5 }}": (
        f"`**` of -4.0 and 0.5 is `(1.2246467991473532e-16+2j)`, {NO_NUMBER}"
    ),
    "{{ S | float }}": f"a value is `nan`, {NO_NUMBER}",
    "{{ 'x' * 10000000000 }}": "`*` makes a value that is too long",
    "{{ 10 ** 20000 }}": "`**` makes a value that is too long",
    "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}": (
        "its loops go round more than 10,000,000 times"
    ),
    "{% for i in range(5000) %}{{ 'x' * 50000 }}{% endfor %}": (
        "it makes more than 100,000,000 characters"
    ),
}


@pytest.mark.parametrize(("template", "reason"), UNFIT.items())
def test_jinja_makes_nothing_that_is_unfit_for_a_model(
    tmp_path: Path, template: str, reason: str
) -> None:
    with pytest.raises(StudyError) as caught:
        overlay(tmp_path, f"first line\n{template}\n").render({"A": 10.0, "S": "nan"}, "run-1")
    line = "" if "characters" in reason else ":2"
    assert caught.value.message == (f"template{line}: the template fails for run `run-1`: {reason}")


def test_jinja_writes_texts_as_they_are(tmp_path: Path) -> None:
    template = (
        "{{ S }} {{ 2 ** 0.5 }} {{ 'ab' * 2 }} {{ range(3) | sum }} {{ [A, S | float] | min }}"
    )
    rendered = overlay(tmp_path, template).render({"A": 1, "S": "inf"}, "run-1")
    assert rendered == b"inf 1.4142135623730951 abab 3 1"


def test_a_value_beyond_the_encoding_is_told(tmp_path: Path):
    old = overlay(tmp_path, b"\xb0C {{ S }}\n")
    with pytest.raises(StudyError) as caught:
        old.render({"S": "日"}, "run-1")
    assert caught.value.message == (
        "template: `日` cannot be written in latin-1, the encoding of this template (run `run-1`)"
    )


@pytest.mark.parametrize("formula", ["{{ A" + " + 1" * 5000 + " }}", "{{ " + "(" * 3000])
def test_a_template_may_not_be_nested_for_ever(formula: str):
    with pytest.raises(StudyError, match=r"^t: the template is nested too deeply$"):
        JinjaTemplate.parse(Path("t"), formula)


def test_lines_of_a_pest_template_end_where_those_of_an_editor_do():
    """And not at the form feeds of Fortran."""
    template = PestTemplate.parse(Path("t"), "ptf ~\na\fb\v~ A ~\rc\r\n~ B ~\n")
    assert template.uses == {"A": 2, "B": 4}
    assert template.render({"A": 1, "B": 2}, "r") == "a\fb\v  1.0\rc\r\n  2.0\n"


def test_pest_fields_keep_their_width(tmp_path: Path):
    template = "PTF #\r\nrough # Rough    #|#N  #|#  S    #\r\nplain\r\n"
    rendered = overlay(tmp_path, template).render({"ROUGH": 1 / 3, "n": 12, "S": "ab"}, "r")
    assert rendered == b"rough .33333333333| 12.0|ab       \r\nplain\r\n"


def test_numbers_have_a_point_in_pest_fields_but_those_that_are_whole_by_nature(tmp_path: Path):
    """Fortran's `F10.3` would read `30` as 0.03."""
    (tmp_path / "in.tpl").write_text("ptf ~\n|~A   ~|~B   ~|~N   ~|~code~|\n")
    (tmp_path / "study.yaml").write_text(
        "model: {command: ./model, overlays: {in.dat: in.tpl}}\n"
        "parameters: {A: [30, 62.5], B: 5, N: {integers: [7, 8]}, CODE: '3'}\n"
        "design: {random: 20}\n"
    )
    study = Study.load(tmp_path / "study.yaml")
    (template,) = study.model.overlays
    rendered = {template.render(run.sample, run.name).decode() for run in study.runs()}
    assert rendered == {
        f"| {a}|   5.0|     {n}|3     |\n" for a in (" 30.0", " 62.5") for n in (7, 8)
    }


@pytest.mark.parametrize(
    ("value", "width", "text"),
    [
        (80.0, 10, "      80.0"),
        (80, 10, "      80.0"),
        (123456, 7, "123456."),
        (120000, 5, "1.2e5"),
        (80.0, 3, "80."),
        (123.456, 5, "123.5"),
        (123.456, 4, "123."),
        (0.123456, 4, ".123"),
        (-0.123456, 4, "-.12"),
        (1.5e-10, 9, "  1.5e-10"),
        (1.5e-10, 6, "2.e-10"),
        (1e22, 5, "1.e22"),
        (1e22, 30, "1.e22".rjust(30)),
        (1234567.0, 6, "1.23e6"),
        (100000.0, 9, " 100000.0"),
        (0.0, 2, "0."),
        (True, 5, " true"),
        ("ab", 4, "ab  "),
    ],
)
def test_fields_are_filled_as_exactly_as_they_allow(value, width, text):
    assert fit(value, width) == text


def test_what_is_whole_by_nature_has_no_point():
    assert fit(80, 10, is_whole=True) == "        80"


@pytest.mark.parametrize(("value", "width"), [(123456, 5), (12345.6, 3), (-1.0, 2), ("abc", 2)])
def test_what_does_not_fit_is_refused(value, width):
    with pytest.raises(InvalidValueError, match=f"does not fit into a field of {width} characters"):
        fit(value, width)


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite, st.integers(1, 30))
def test_a_number_fits_has_a_point_and_is_near(number, width):
    text = shortened(number, width)
    if text is None:
        assert width < 9 or abs(number) > 1e308  # else it would round up to infinity
        return
    assert len(text) <= width
    assert "." in text
    digits = len(text.lstrip("-").split("e")[0].replace(".", "").lstrip("0"))
    assert float(text) == pytest.approx(number, rel=10 ** (1 - max(digits, 1)), abs=5e-324)


@given(finite)
def test_a_wide_field_holds_a_number_exactly(number):
    assert float(shortened(number, 25) or "") == number


@given(finite, st.integers(5, 25))
def test_a_wider_field_is_never_less_exact(number, width):
    narrow, wide = shortened(number, width), shortened(number, width + 1)
    if narrow is not None:
        assert wide is not None
        assert abs(float(wide) - number) <= abs(float(narrow) - number)


def test_a_field_that_cuts_values_off_is_told(tmp_path: Path):
    """Once for each name and width; what is written whole, or with four digits, is no trouble."""
    (tmp_path / "in.tpl").write_text("ptf ~\n~rough~ ~ r ~ ~  N  ~\n~ROUGH~ ~whole~ ~  wide  ~\n")
    (tmp_path / "study.yaml").write_text(
        "model: {command: model, overlays: {in.txt: in.tpl}}\n"
        "parameters:\n"
        "  ROUGH: {values: [0.5, 0.000123456]}\n  R: {values: [-1.5, 123.456]}\n"
        "  N: 123456\n  WHOLE: {values: [0.25]}\n  WIDE: {uniform: [80, 140]}\n"
        "design: {latin_hypercube: 4}\n"
    )
    (warning,) = Study.load(tmp_path / "study.yaml").warnings
    assert warning.removeprefix(f"{tmp_path}/") == (
        "in.tpl:2: a field of 7 characters makes .000123 of `ROUGH`, 0.000123456: set its markers "
        "further apart"
    )


def test_a_parameter_may_be_called_as_a_function_of_jinja(tmp_path: Path):
    file = overlay(tmp_path, "{{ range }} {{ dict }}")
    assert file.template.uses == {"range": 1, "dict": 1}
    assert file.render({"range": 1200.5, "dict": 2}, "r") == b"1200.5 2"


def test_functions_of_jinja_are_no_parameters(tmp_path: Path):
    file = overlay(tmp_path, "{% for i in range(2) %}{{ A }} {% endfor %}")
    assert file.template.uses == {"A": 1}
    assert file.render({"A": 7}, "r") == b"7 7 "


@pytest.mark.parametrize(
    ("overlays", "message"),
    [
        ("{x: t, x/y: t}", "3: `x` would be a file, and the folder of `x/y`, too"),
        ("{m.txt/x/y: t}", "3: `m.txt` would be a file, and the folder of `m.txt/x/y`, too"),
        ("{d: t}", "3: `d` would be a file, and the folder of `d/a.txt`, too"),
        ("{d/a.txt: t, d/x/y: t}", None),
    ],
)
def test_no_file_is_the_folder_of_another(
    load, folder: Path, overlays: str, message: str | None
) -> None:
    (folder / "d").mkdir()
    (folder / "d" / "a.txt").write_text("a")
    (folder / "d" / "b.txt").write_text("b")
    text = f"model:\n  inputs: [m.txt, d]\n  overlays: {overlays}\n  command: x\n"
    if message is None:
        load(text, m_dot_txt="m", t="t")
        return
    with pytest.raises(StudyError) as caught:
        load(text, m_dot_txt="m", t="t")
    assert caught.value.message == f"study.yaml:{message}"
    assert caught.value.hint == "change the path of one of them"
    assert not caught.value.others


@pytest.mark.parametrize("mistaken", [1, 400, 3000])
def test_templates_are_tried_for_runs_from_the_first_to_the_last(load, mistaken: int) -> None:
    text = "model: {command: x, overlays: {x: t}}\nparameters: {A: {integers: [1, 3000]}}\n"
    with pytest.raises(StudyError) as caught:
        load(text, t=f"{{{{ 1 / (A - {mistaken}) }}}}")
    assert caught.value.message == (
        f"t:1: the template fails for run `run-{mistaken:05}`: division by zero"
    )


def test_a_template_that_fails_for_a_part_of_the_runs_is_found(load) -> None:
    text = "model: {command: x, overlays: {x: t}}\nparameters: {A: {integers: [1, 100000]}}\n"
    with pytest.raises(StudyError, match="division by zero"):
        load(text, t="{{ 1 / (A // 1000 - 70) }}")
