"""Each mistake in a study file is told with its file, its line, what it is and how to mend it."""

from __future__ import annotations

import os
import re
import textwrap
from pathlib import Path
from typing import NamedTuple

import pytest

from runfleet.study import Study, StudyError

LINK = "is a link, and leads to no file in this folder"


class Mistake(NamedTuple):
    """A study file, the files beside it, and what is said about them."""

    files: dict[str, str]
    message: str
    hint: str


def read_mistakes() -> dict[str, Mistake]:
    """Read `mistakes.txt`: names after `###`, further files after `:::`, then error and hint."""
    text = (Path(__file__).parent / "mistakes.txt").read_text(encoding="utf-8")
    return dict(map(read_mistake, re.split(r"^### ", text, flags=re.MULTILINE)[1:]))


def read_mistake(text: str) -> tuple[str, Mistake]:
    name, rest = text.split("\n", 1)
    rest, message, hint = re.split(r"^(?:error|hint): ", rest, flags=re.MULTILINE)
    study, *others = re.split(r"^::: ", rest, flags=re.MULTILINE)
    files = dict(other.split("\n", 1) for other in others)
    return name, Mistake({"study.yaml": study} | files, message.strip(), hint.strip())


MISTAKES = read_mistakes()


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_told_with_place_and_remedy(folder: Path, mistake: Mistake):
    (folder / "here.txt").write_text("here")
    for name, text in mistake.files.items():
        (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        Study.load("study.yaml")
    assert (caught.value.message, caught.value.hint) == (mistake.message, mistake.hint)


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("daten/netz/grid.dat", "did you mean `Daten/Netz 1/GRID.DAT`?"),
        ("Daten/Netz 1/gird.dat", "did you mean `Daten/Netz 1/GRID.DAT`?"),
        ("Daten/grid.dat", "put it into the folder of the study file, or correct the path"),
        ("here.txt/grid.dat", "put it into the folder of the study file, or correct the path"),
    ],
)
def test_a_missing_file_is_told_with_the_nearest_path(folder: Path, written: str, hint: str):
    """Its folders may be called otherwise, too."""
    (folder / "Daten/Netz 1").mkdir(parents=True)
    (folder / "Daten/Netz 1/GRID.DAT").touch()
    (folder / "here.txt").touch()
    (folder / "study.yaml").write_text(f"model: {{command: echo, inputs: ['{written}']}}\n")
    with pytest.raises(StudyError) as caught:
        Study.load("study.yaml")
    assert caught.value.hint == hint


NO_VALUES = "`grid` needs values one by one, and there is a continuum of them here"
SEVERAL = {
    "of types and keys": (
        """\
        studdy: x
        model: {command: 5, retries: x, inputs: [{pth: a, lnk: b}]}
        pool: 7
        """,
        [
            "1: unknown key `studdy`",
            "2: `model.command` should be a text, not the number 5",
            "2: `model.inputs[0]`: unknown key `pth`",
            "2: `model.inputs[0]`: unknown key `lnk`",
            "2: `model.retries` should be a whole number, not the text `x`",
            "3: `pool` should be a mapping, not the number 7",
        ],
    ),
    "of values": (
        """\
        model:
          command: 5
          retries: x
          inputs: [{path: a, lnk: b, pth: c}]
        pool: 7
        """,
        [
            "2: `model.command` should be a text, not the number 5",
            "3: `model.retries` should be a whole number, not the text `x`",
            "4: `model.inputs[0]`: unknown key `lnk`",
            "4: `model.inputs[0]`: unknown key `pth`",
            "5: `pool` should be a mapping, not the number 7",
        ],
    ),
    "of keys among parameters": (
        """\
        model: {command: x}
        parameters: {uniform: [0, 1], unit: m}
        """,
        [
            "2: `parameters`: `uniform` with this value is a key, and no parameter",
            "2: `parameters`: `unit` with this value is a key, and no parameter",
        ],
    ),
    "of files and parameters": (
        """\
        model:
          command: echo
          inputs: [none.txt, here.txt, ../up.txt]
          overlays: {a.txt: none.j2, b.txt: b.j2}
          outputs: [out/]
        parameters:
          A: {uniform: [0, 1]}
          B: {normal: [0, 1]}
        results:
          r: {file: /tmp/x, column: 1}
        """,
        [
            "3: `model.inputs[0]`: there is no file `none.txt`",
            "3: `model.inputs[2]`: `../up.txt` leads out of its folder",
            "4: `model.overlays.a.txt`: there is no file `none.j2`",
            "4: `model.overlays.b.txt`: there is no file `b.j2`",
            "5: `model.outputs[0]`: `out/` is a folder",
            f"7: `parameters.A`: {NO_VALUES}",
            f"8: `parameters.B`: {NO_VALUES}",
            "10: `results.r.file`: `/tmp/x` is an absolute path",
        ],
    ),
    "of what does not go together": (
        """\
        model:
          command: mpirun echo
          overlays: {a.txt: here.txt}
          environment: {A: x}
          mpi: {nodes: 3, implementation: msmpi}
        parameters: {A: {values: [1]}, B: {values: [2]}}
        pool: {nodes: {max: 2}}
        """,
        [
            "2: the command starts processes by MPI itself, and so does `mpi`",
            "4: `A` is also a parameter, which sets the same environment variable",
            "5: MS-MPI is not for the Linux nodes of `ubuntu-22.04`",
            "6: no template uses the parameter `A`",
            "6: no template uses the parameter `B`",
            "7: a run takes 3 nodes, and the pool has only 2",
        ],
    ),
}


@pytest.mark.parametrize(("text", "messages"), SEVERAL.values(), ids=SEVERAL.keys())
def test_several_mistakes_are_told_at_once_by_line(folder, load, text: str, messages: list[str]):
    """All that do not follow from others: each with file, line and remedy."""
    (folder / "here.txt").write_text("here")
    with pytest.raises(StudyError) as caught:
        load(textwrap.dedent(text))
    found = [caught.value, *caught.value.others]
    assert [str(one) for one in found] == [f"study.yaml:{message}" for message in messages]
    assert all(isinstance(one, StudyError) and one.hint for one in found)


LAUGHS = "a0: &a0 {x: 1}\n" + "".join(
    f"a{level}: &a{level} {{<<: [{', '.join([f'*a{level - 1}'] * 10)}]}}\n"
    for level in range(1, 10)
)
NO_LABEL = f"not the text `0{'1' * 36}...`"
MONSTERS = {
    "merged again and again": (LAUGHS, "study.yaml:1: there are more than 100,000 values"),
    "nested too deeply": (
        f"model: {'[' * 5000}",
        "study.yaml: the file is nested too deeply",
    ),
    "a digit after the other": (
        f"model: {{command: x, retries: {'9' * 5000}}}",
        f"study.yaml:1: `{'9' * 37}...` cannot be read as a number, nor as true or false",
    ),
    "a digit of a label after the other": (
        f"model: {{command: x}}\nparameters: {{A: {{integers: [0{'1' * 5000}, 5]}}}}",
        f"study.yaml:2: `parameters.A.integers[0]` should be a whole number, {NO_LABEL}",
    ),
    "a digit of sixteen after the other": (
        f"model: {{command: x, retries: 0x{'f' * 4000}}}",
        f"study.yaml:1: `0x{'f' * 35}...` cannot be read as a number, nor as true or false",
    ),
    "long": (
        f"model: {{command: x, time_limit: {'9' * 5000}s}}",
        f"study.yaml:1: `model.time_limit`: `{'9' * 37}...` is more than ten years",
    ),
    "a long name": (
        f"model: {{command: x, inputs: ['{'é' * 128}']}}",
        f"study.yaml:1: `model.inputs[0]`: `{'é' * 37}...` is too long for a path",
    ),
    "large": (
        "#" * 1_000_001,
        "study.yaml: the file has 1,000,001 bytes, a study file may have 1,000,000",
    ),
}


@pytest.mark.parametrize(("text", "message"), MONSTERS.values(), ids=MONSTERS.keys())
def test_a_study_file_beyond_all_measure_is_refused(load, text: str, message: str):
    with pytest.raises(StudyError) as caught:
        load(text)
    assert caught.value.message == message
    assert caught.value.hint


def test_a_label_beyond_all_measure_is_refused_in_a_table(load):
    text = "model: {command: x}\nparameters: {A: {integers: [1, 5]}}\ndesign: {csv: s.csv}\n"
    with pytest.raises(StudyError, match=r"^s\.csv:2: `A` cannot be `01111111.*\.\.\.`, as its"):
        load(text, s_dot_csv=f"A\n0{'1' * 5000}\n")


def test_missing_folder_and_undecodable_study_files(folder: Path):
    (folder / "latin.yaml").write_bytes(b"model:\n  command: \xe4\n")
    messages = []
    for name in ("none.yaml", ".", "latin.yaml"):
        with pytest.raises(StudyError) as caught:
            Study.load(name)
        messages.append(caught.value.message)
    assert messages == [
        "none.yaml: there is no such file",
        ".: this is a folder",
        "latin.yaml:2: this is not UTF-8",
    ]


def test_a_column_that_no_template_uses_is_told(load):
    text = "model: {command: x, overlays: {x: t}}\ndesign: {csv: samples.csv}\n"
    with pytest.raises(StudyError) as caught:
        load(text, t="{{ A }}", samples_dot_csv="id,A\n1,2\n")
    assert caught.value.message == "study.yaml:2: no template uses the parameter `id`"
    assert caught.value.hint == "list the columns to take under `parameters`"


@pytest.mark.parametrize("pattern", ["link", "data", "data/*", "data/folder"])
def test_a_link_out_of_the_folder_is_refused(load, folder: Path, pattern: str):
    """Nothing outside is read, and nothing that a link leads to is left out without a word."""
    (folder.parent / "outside").mkdir()
    (folder.parent / "outside" / "secret").write_text("secret")
    (folder / "data").mkdir()
    (folder / "link").symlink_to(folder.parent / "outside" / "secret")
    (folder / "data" / "folder").symlink_to(folder.parent / "outside")
    with pytest.raises(StudyError, match=LINK) as caught:
        load(f"model: {{command: x, inputs: ['{pattern}']}}\n")
    assert caught.value.hint == "copy what it leads to into the folder of the study file"


ODD_NAMES = {
    b"b\xff.txt": r"the name of `d/b\xff.txt` is not UTF-8",
    rb"a\b.txt": (
        r"the name of `d/a\b.txt` holds a backslash, a line break or another control character"
    ),
    b"x\ny\t.txt": (
        r"the name of `d/x\ny\t.txt` holds a backslash, a line break or another control character"
    ),
    b"data.": (
        "`d/data.` has a name that ends in a dot, `data.`, and no storage account takes such"
    ),
    b"x" * 255: f"the name `{'x' * 37}...` has over 254 characters",
}


@pytest.mark.parametrize(("name", "what"), ODD_NAMES.items(), ids=map(ascii, ODD_NAMES))
@pytest.mark.parametrize("pattern", ["d", "d/*"])
def test_a_name_that_no_storage_keeps_is_refused(
    load, folder: Path, pattern: str, name: bytes, what: str
):
    (folder / "d").mkdir()
    (folder / "d" / os.fsdecode(name)).write_text("x")
    with pytest.raises(StudyError) as caught:
        load(f"model: {{command: x, inputs: ['{pattern}']}}\n")
    assert caught.value.message == f"study.yaml:1: `model.inputs[0]`: {what}"
    assert caught.value.hint == "rename it, or leave it out of the inputs"


def test_a_study_in_a_folder_that_is_not_utf8_is_refused(folder: Path):
    below = folder / os.fsdecode(b"b\xff")
    below.mkdir()
    (below / "study.yaml").write_text("model: {command: x}\n")
    with pytest.raises(StudyError, match="or of a folder it is in, is not UTF-8") as caught:
        Study.load(below / "study.yaml")
    assert caught.value.hint == "rename it"


def test_links_elsewhere_do_not_matter(load, folder: Path):
    (folder / ".venv").mkdir()
    (folder / ".venv" / "lib64").symlink_to("lib")
    (folder / "a.txt").write_text("a")
    (folder / "b.txt").symlink_to("a.txt")
    study = load("model: {command: x, inputs: [.]}\n")
    assert [str(item.path) for item in study.model.inputs] == ["a.txt", "b.txt"]


def test_a_link_to_nothing_is_told(load, folder: Path):
    (folder / "broken").symlink_to("nowhere")
    with pytest.raises(StudyError) as caught:
        load("model: {command: x, inputs: [broken]}\n")
    assert caught.value.message == "study.yaml:1: `model.inputs[0]`: `broken` is a link to nothing"


def test_what_a_pattern_finds_and_is_no_file_is_told(load, folder: Path):
    os.mkfifo(folder / "pipe")
    with pytest.raises(StudyError) as caught:
        load("model: {command: x, inputs: ['p*']}\n")
    assert caught.value.message == "study.yaml:1: `model.inputs[0]`: `pipe` is not a file"
    (folder / "pipe").unlink()
    (folder / "pipe").symlink_to("nowhere")
    with pytest.raises(StudyError, match="`pipe` is a link to nothing"):
        load("model: {command: x, inputs: ['p*']}\n")


def test_a_study_file_that_is_no_file_is_not_waited_for(folder: Path):
    os.mkfifo(folder / "pipe.yaml")
    (folder / "link.yaml").symlink_to("nowhere")
    with pytest.raises(StudyError, match=r"^pipe\.yaml: this is no file that holds text$"):
        Study.load("pipe.yaml")
    with pytest.raises(StudyError, match=r"^link\.yaml: this is a link to nothing$"):
        Study.load("link.yaml")


@pytest.mark.parametrize("template", ["{{ A }}\n".encode("utf-16"), b"\x89PNG\r\n\x1a\n\0{{ A }}"])
def test_a_template_that_is_no_text_is_refused(load, template: bytes):
    with pytest.raises(StudyError) as caught:
        load("model: {command: x, overlays: {x: t}}\nparameters: {A: 1}\n", t=template)
    assert caught.value.message == "t: the template is no text: it holds null characters"


def test_a_csv_file_that_is_not_utf8_is_told_by_line(load):
    with pytest.raises(StudyError) as caught:
        load(
            "model: {command: x}\ndesign: {csv: s.csv}\n",
            s_dot_csv="A,B\n1,lehm\n2,löss\n".encode("latin-1"),
        )
    assert caught.value.message == ("s.csv:3: this cannot be read as a CSV file: it is not UTF-8")
