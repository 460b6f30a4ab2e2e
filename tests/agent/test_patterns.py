"""Patterns of output files."""

import itertools
import os

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runfleet.agent.patterns import expand, parse

FILES = [
    "a.csv",
    "b.txt",
    ".hidden.csv",
    "a*",
    "sub/c.csv",
    "sub/deep/d.csv",
    "sub/.secret/e.csv",
    ".git/f.csv",
    "results/one/g.csv",
    "results/h.csv",
    "with blank/i j.csv",
    "naïve.csv",
]


@pytest.fixture
def wd(tmp_path):
    folder = tmp_path / "a task" / "wd"
    for name in FILES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for name in ("stdout.txt", "stderr.txt"):
        (folder.parent / name).touch()
    return folder


def found(pattern, wd):
    parsed = parse(pattern)
    matches = list(parsed.find(parsed.folder(str(wd))))
    assert all(os.path.isfile(match.path) for match in matches)
    return [match.relative for match in matches]


@pytest.mark.parametrize(
    ("pattern", "relative"),
    [
        ("a.csv", ["a.csv"]),
        ("sub/c.csv", ["c.csv"]),
        ("missing.csv", []),
        ("sub", []),
        ("sub/", []),
        ("*.csv", ["a.csv", "naïve.csv"]),
        (".*.csv", [".hidden.csv"]),
        ("?.csv", ["a.csv"]),
        ("[ab].*", ["a.csv", "b.txt"]),
        ("[a-b].*", ["a.csv", "b.txt"]),
        ("[!a].*", ["b.txt"]),
        ("a[*]", ["a*"]),
        ("[!]x].csv", ["a.csv"]),
        ("[", []),
        ("[z-a].csv", []),
        ("*/*.csv", ["results/h.csv", "sub/c.csv", "with blank/i j.csv"]),
        (
            "**/*.csv",
            [
                "a.csv",
                "naïve.csv",
                "results/h.csv",
                "results/one/g.csv",
                "sub/c.csv",
                "sub/deep/d.csv",
                "with blank/i j.csv",
            ],
        ),
        ("results/**/*.csv", ["h.csv", "one/g.csv"]),
        ("results/**", ["h.csv", "one/g.csv"]),
        ("sub/**/d.csv", ["deep/d.csv"]),
        ("**/deep/*", ["sub/deep/d.csv"]),
        (".git/*", ["f.csv"]),
        ("sub/.secret/*", ["e.csv"]),
        ("**/.secret/*", ["sub/.secret/e.csv"]),
        ("../std*.txt", ["stderr.txt", "stdout.txt"]),
        ("../stdout.txt", ["stdout.txt"]),
        ("sub/../a.csv", ["a.csv"]),
        ("std*.txt", []),
        ("no/such/*.csv", []),
        ("", []),
    ],
)
def test_a_pattern_finds_files(wd, pattern, relative):
    assert sorted(found(pattern, wd)) == sorted(relative)


def test_an_absolute_pattern_finds_files_anywhere(wd):
    assert found(f"{wd.parent}/std*.txt", "/elsewhere") == ["stderr.txt", "stdout.txt"]


def test_files_come_sorted_folder_by_folder(wd):
    names = found("**/*", wd)
    assert names == sorted(names, key=lambda name: name.split("/"))


def test_links_to_files_count_links_to_folders_only_without_double_stars(wd, tmp_path):
    (wd / "link.txt").symlink_to(wd / "b.txt")
    (wd / "broken.txt").symlink_to(wd / "nowhere")
    (tmp_path / "scratch").mkdir()
    (tmp_path / "scratch" / "k.txt").touch()
    (wd / "folder").symlink_to(tmp_path / "scratch")
    (wd / "circle").symlink_to(wd)
    assert found("*.txt", wd) == ["b.txt", "link.txt"]
    assert found("folder/*.txt", wd) == ["k.txt"]
    assert found("f*/*.txt", wd) == ["folder/k.txt"]
    assert found("**/*.txt", wd) == ["b.txt", "link.txt"]


def test_a_pipe_is_no_output(wd):
    os.mkfifo(wd / "pipe.txt")
    assert found("*.txt", wd) == ["b.txt"]
    assert found("pipe.txt", wd) == []


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a*a*a*a*a*a*a*a*z", "a" * 200),
        ("**/a/**/*/**/a/**/[ab]/**/a/**/?/**/a/**/z", "a/" * 200 + "a"),
    ],
    ids=["name", "folders"],
)
def test_many_stars_are_matched_in_no_time(tmp_path, pattern, path):
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    assert found(pattern, tmp_path) == []
    assert found(pattern.replace("z", "a"), tmp_path) == [path]


def test_variables_are_expanded():
    environment = {"RUN": "run-1", "EMPTY": ""}
    assert expand("$RUN/${RUN}x/$EMPTY*.txt", environment) == "run-1/run-1x/*.txt"
    assert expand("$OTHER/$/a", environment) == "$OTHER/$/a"


# What the documentation says, as plainly as it can be said: one name at a time.
def name_matches(pieces, name):
    if not pieces:
        return name == ""
    first, *rest = pieces
    if first == "*":
        return any(name_matches(rest, name[i:]) for i in range(len(name) + 1))
    return bool(name) and name[0] in first and name_matches(rest, name[1:])


def path_matches(pattern, names):
    if not pattern:
        return not names
    first, *rest = pattern
    if first == "**":
        skips = (i for i in range(len(names) + 1) if not any(n[0] == "." for n in names[:i]))
        return any(path_matches(rest, names[i:]) for i in skips)
    return bool(names) and segment_matches(first, names[0]) and path_matches(rest, names[1:])


def segment_matches(pieces, name):
    if name[0] == "." and (not pieces or pieces[0] != {"."}):
        return False
    return name_matches(pieces, name)


ALPHABET = "ab.*["
PIECES = {**{letter: {letter} for letter in "ab."}, "*": "*", "?": set(ALPHABET)}
PIECES |= {"[*]": {"*"}, "[[]": {"["}, "[ab]": set("ab"), "[!a]": set(ALPHABET) - {"a"}}
PIECES |= {"[a-b]": set("ab"), "[.]": {"."}}

segments = st.lists(st.sampled_from(sorted(PIECES)), min_size=1, max_size=4).filter(
    lambda segment: "".join(segment) not in (".", "..", "**")
)
patterns = st.lists(st.one_of(st.just(["**"]), segments), min_size=1, max_size=4).filter(
    lambda pattern: pattern[-1] != ["**"]
)
names = st.text(ALPHABET, min_size=1, max_size=3).filter(lambda name: name not in (".", ".."))
paths = st.lists(names, min_size=1, max_size=3)


def is_possible(chosen):
    """No path is a folder of another."""
    return not any(
        longer[: len(shorter)] == shorter for shorter, longer in itertools.permutations(chosen, 2)
    )


@given(patterns, st.lists(paths, min_size=1, max_size=6, unique_by=tuple).filter(is_possible))
@example([["a", "*"], ["**"], ["b"]], [["ab", "b"], ["aa", ".a", "b"], ["a", "a", "b"]])
@example([["[.]"], ["*"]], [["a"]])
@example([["**"], [".", "a"], ["**"], ["b"]], [[".a", "b"], ["a", ".a", "b"], [".a", ".a", "b"]])
@example([["*", "a", "*", "a", "b", "*", "b"]], [["aab"], ["aabb"], ["aaabab"], ["aabab.b"]])
def test_a_pattern_finds_what_the_rules_say(tmp_path_factory, pattern, chosen):
    wd = tmp_path_factory.mktemp("wd")
    for names in chosen:
        wd.joinpath(*names).parent.mkdir(parents=True, exist_ok=True)
        wd.joinpath(*names).touch()
    text = "/".join("".join(segment) for segment in pattern)
    rules = ["**" if one == ["**"] else [PIECES[piece] for piece in one] for one in pattern]
    expected = {"/".join(names) for names in chosen if path_matches(rules, names)}
    parsed = parse(text)
    matches = list(parsed.find(parsed.folder(str(wd))))
    assert sorted(os.path.relpath(match.path, wd) for match in matches) == sorted(expected)
