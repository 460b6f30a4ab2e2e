"""
The shell script of a run: a clean folder with its inputs, the command, a look at its outputs.

Only what a run needs is in its script, and what is done for every run is done by the shell itself:
one more process costs more than all the rest of a short run.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from runfleet.launch.mpi import COMMON_FOLDER, launch_line
from runfleet.study.model import Model, SharedInput

COPIED = "copied"
LINKED = "linked"
"""Folders of the preparation task for shared inputs that runs copy, and that they link."""

RETRY_FOLDER = ".runfleet"
"""Where a run's overlays wait to be copied, when there may be a second attempt."""

OVERLAYS = f"{RETRY_FOLDER}/overlays"

EXIT_OUTPUT_MISSING = 66
EXIT_NOT_STAGED = 213
"""Exit codes of our own: that of `sysexits.h` for missing files, and one that no model has."""

NOT_STAGED = "runfleet: the inputs could not be put into the run's folder"
"""What a run says before it ends with that code, to tell it from one that has it all the same."""

_SHARED = '"$AZ_BATCH_JOB_PREP_WORKING_DIR"'
_ATTEMPTED = f"{RETRY_FOLDER}-attempted"

# Batch runs a second attempt in the folder that the first one left, without fetching files again.
_CLEAN_AGAIN = f"""\
if [ -e {_ATTEMPTED} ]; then
find . -mindepth 1 -maxdepth 1 ! -name '{RETRY_FOLDER}*' -exec rm -rf {{}} +
fi
: > {_ATTEMPTED}"""

# Looks closer where the first of what a pattern stands for is no file: another may be one. What is
# called alike, in other capitals or elsewhere, is named. This is in the command line of every task:
# it is short, and has no quotes that would have to be quoted once more.
_MISSING = f"""\
missing() {{
p=$1 w=missing f=
shift
%sfor g; do
if [ -d "$g" ]; then w="a folder: write \\`$p/**\\` to keep its files"
elif [ -f "$g" ]; then
[ "$g" = "$p" ] || return 0
w="a pattern: for the file of that name write \\`[[]\\` in place of \\`[\\`"
fi
done
case $w/${{p##*/}} in missing/*[[:alnum:]]*)
f=$(find . -type f -iname "${{p##*/}}" | head -n 1)
w="missing${{f:+; did you mean \\`${{f#./}}\\`?}}"
esac
echo "runfleet: the required output \\`$p\\` is $w" >&2
exit {EXIT_OUTPUT_MISSING}
}}"""

# A program from Windows may write `OUT\a.dat` for a file in a folder: then it is moved there.
_UNFOLD = r"""for b in *\\*; do
t=$(printf %s "$b" | tr \\\\ /)
case $t in $p) [ -e "$t" ] || { mkdir -p "${t%/*}" && mv "$b" "$t" && f=1; };; esac
done
[ -z "$f" ] || return 0
"""

_OR_END = f'|| {{ echo "{NOT_STAGED}" >&2; exit {EXIT_NOT_STAGED}; }}'

# Links end at the borders of a volume, and at 65,000 a file.
_LINK_INPUTS = (
    f"cp -Rlf {_SHARED}/{LINKED}/. . 2>/dev/null || cp -Rsf {_SHARED}/{LINKED}/. . {_OR_END}"
)
_COPY_INPUTS = f"cp -R {_SHARED}/{COPIED}/. . {_OR_END}"
_COPY_OVERLAYS = f"cp -R {OVERLAYS}/. . {_OR_END}"
_COMMON_FOLDER = f'"$AZ_BATCH_TASK_SHARED_DIR/{COMMON_FOLDER}"'
_COPY_COMMON_OVERLAYS = f'cp -R "$AZ_BATCH_TASK_SHARED_DIR/{OVERLAYS}/." . {_OR_END}'

ENTER_COMMON_FOLDER = f"mkdir -p {_COMMON_FOLDER} && cd {_COMMON_FOLDER} {_OR_END}"
"""The line that makes, on each of several nodes, the folder that the processes run in."""

# Words with which a command, or a script that it reads in, would get rid of the trap that looks at
# its outputs.
_DROPS_TRAP = re.compile(r"\b(exec|trap|source)\b|(?:^|[\s;&|({`])\.\s")
# A command that only starts a shell for its own line; the other quotes let the outer shell read it.
_STARTS_SHELL = re.compile(r"\s*(?:/bin/)?sh\s+-c\s+'([^']*)'\s*")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
_SET = re.compile(r"\[!?.[^]]*\]")
_SPELLED_DOT = re.compile(r"(?:^|/)(?:\.|\[\.\])")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_./*?\[\]!^-]+")


def run_script(model: Model) -> str:
    """
    Write the script that all runs of a model share, for a POSIX shell in the run's folder.

    It ends with the command's exit code; with 66 if the command succeeded but left out a required
    output; with 213 if the inputs could not be put into the folder.

    Parameters
    ----------
    model
        The command and what has to be there before and after it.
    """
    # First what is in no folder: what is moved into one is not found beside it any more.
    required = sorted(required_outputs(model), key=_is_in_folder)
    looks = [_look_for(pattern, model) for pattern in required]
    unfold = _UNFOLD if any(map(_is_in_folder, required)) else ""
    if model.mpi is not None:
        return "\n".join(_watched(launch_line(model.mpi, model.command), unfold, looks))
    before = list(_preparations(model))
    return "\n".join([*before, *_watched(_without_shell(model.command), unfold, looks)])


def required_outputs(model: Model) -> list[str]:
    """List the patterns for which a run that succeeds has left a file."""
    return [output.pattern for output in model.outputs if output.required]


def is_kept_as_folder(pattern: str, model: Model) -> bool:
    """Tell whether an output may be a folder, as another keeps what is below."""
    return any(output.pattern.startswith(f"{pattern}/") for output in model.outputs)


def coordination_script(model: Model) -> str:
    """
    Write the script with which each node of a run on several of them begins.

    It makes the folder that the command runs in, on the first node and, under the same name, on the
    others: processes on all of them find the inputs there.
    """
    overlays = [_COPY_COMMON_OVERLAYS] if model.overlays else []
    before = [step for step in _preparations(model) if step is not _COPY_OVERLAYS]
    return "\n".join([ENTER_COMMON_FOLDER, *before, *overlays])


def overlay_target(model: Model, target: PurePosixPath) -> str:
    """
    Tell where a node has to put a run's overlay before the run's script begins.

    On several nodes that is below the folder which they have in common.
    """
    if model.mpi is not None:
        return f"{OVERLAYS}/{target}"
    return f"{OVERLAYS}/{target}" if model.retries else str(target)


def place_of(shared: SharedInput) -> str:
    """Tell where the preparation task has to put a shared input."""
    return f"{LINKED if shared.link else COPIED}/{shared.path}"


def unbundle_script(bundle: str, inputs: Sequence[SharedInput]) -> str:
    """
    Write the script of a preparation task that has fetched many shared inputs at once.

    Batch keeps the names of blobs as paths, so a link leads from where the runs look.  It fetches
    the blobs that there are: one that is missing would not be missed.

    Parameters
    ----------
    bundle
        How the names of their blobs begin.
    inputs
        What they are.
    """
    folders = sorted({f"{bundle}/{LINKED if shared.link else COPIED}" for shared in inputs})
    said = f"runfleet: $n of the {len(inputs)} shared inputs are in the storage"
    return "\n".join(
        [
            f"n=$(find {bundle} -type f -printf . | wc -c)",
            f'[ "$n" = {len(inputs)} ] || {{ echo "{said}" >&2; exit {EXIT_NOT_STAGED}; }}',
            f"ln -sfn {' '.join(folders)} .",
        ]
    )


def _preparations(model: Model) -> Iterator[str]:
    if model.retries:
        yield _CLEAN_AGAIN
    if any(shared.link for shared in model.inputs):
        yield _LINK_INPUTS
    if any(not shared.link for shared in model.inputs):
        yield _COPY_INPUTS
    if model.folders:
        yield f"mkdir -p -- {shlex.join(map(str, model.folders))} {_OR_END}"
    if model.retries and model.overlays:
        yield _COPY_OVERLAYS


def _without_shell(command: str) -> str:
    """The line of a command that starts a shell for it: the script's own shell can carry it out."""
    starts_shell = _STARTS_SHELL.fullmatch(command)
    return starts_shell[1] if starts_shell else command


def _is_in_folder(pattern: str) -> bool:
    return "/" in pattern


def _watched(command: str, unfold: str, looks: list[str]) -> Iterator[str]:
    if not looks:
        yield command
    elif _DROPS_TRAP.search(command):
        yield f"(\n{command}\n)"
        yield _check(unfold, looks)
    else:
        yield f"trap {shlex.quote(_check(unfold, looks))} EXIT"
        yield command


def _check(unfold: str, looks: Iterable[str]) -> str:
    """Look for each output by the shell's own means, with the exit code of the command in hand."""
    return "\n".join(
        [
            "c=$?",
            '[ "$c" = 0 ] || exit "$c"',
            f'set +fu; cd "$AZ_BATCH_TASK_WORKING_DIR" || exit {EXIT_OUTPUT_MISSING}',
            _MISSING.replace("%s", unfold, 1),
            *looks,
            "exit 0",
        ]
    )


def _look_for(pattern: str, model: Model) -> str:
    missing = f"missing {shlex.quote(pattern)}"
    if "**" in pattern:
        return f'[ -n "$({_find(pattern)})" ] || {missing}'
    is_there = f'[ -{"e" if is_kept_as_folder(pattern, model) else "f"} "$1" ]'
    if _SET.search(pattern):  # which stays as it is where nothing matches, and may be a file's name
        is_there += f' && [ "$1" != {shlex.quote(pattern)} ]'
    return f'set -- {_shell_pattern(pattern)}; {is_there} || {missing} "$@"'


def _find(pattern: str) -> str:
    # The asterisk of `find -path` matches slashes too, so it stands for any number of folders.
    path = re.sub(r"\*\*/?", "*", pattern.removeprefix("./"))
    shown = "" if _SPELLED_DOT.search(pattern.removeprefix("./")) else " ! -path '*/.*'"
    # Links to files are outputs, those to folders or to nothing are none, as for Batch.
    return f"find . -path {shlex.quote(f'./{path}')} -xtype f{shown} 2>/dev/null | head -n 1"


def _shell_pattern(pattern: str) -> str:
    """Quote all of a pattern but its wildcards and variables, which Batch expands too."""
    pieces: list[str] = []
    start = 0
    for variable in _VARIABLE.finditer(pattern):
        pieces.append(_quoted(pattern[start : variable.start()]))
        pieces.append(f'"${{{variable[1] or variable[2]}}}"')
        start = variable.end()
    return "".join([*pieces, _quoted(pattern[start:])])


def _quoted(text: str) -> str:
    return _NOT_PLAIN.sub(lambda match: shlex.quote(match[0]), text)
