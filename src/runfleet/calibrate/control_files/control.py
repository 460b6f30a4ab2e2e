"""Control files of PEST and PEST++."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from runfleet.calibrate.control_files.control_data import ControlData, read_control_data
from runfleet.calibrate.control_files.found_files import as_posix, leaves_folder
from runfleet.calibrate.control_files.needed_files import needed_files
from runfleet.calibrate.control_files.parts import (
    TRANSFORMS,
    FilePair,
    Observation,
    PestParameter,
    PriorInformation,
)
from runfleet.calibrate.control_files.problems import ControlError, Place
from runfleet.calibrate.control_files.sections import ControlText, Row, Section, split_control
from runfleet.calibrate.control_files.tables import Record, TableShape, external_files, read_records
from runfleet.documents.errors import listed
from runfleet.study.errors import StudyError
from runfleet.study.text_files import read_text

_PARAMETERS = TableShape(
    "a parameter",
    (
        *("parnme", "partrans", "parchglim", "parval1", "parlbnd", "parubnd", "pargp"),
        *("scale", "offset", "dercom", "partied"),
    ),
    needed=7,
    aliases={
        "name": "parnme",
        "transform": "partrans",
        "value": "parval1",
        "lower_bound": "parlbnd",
        "upper_bound": "parubnd",
        "group": "pargp",
    },
    needed_in_section=9,
)
_TIED = TableShape("a tied parameter", ("parnme", "partied"), needed=2, aliases={})
_OBSERVATIONS = TableShape(
    "an observation",
    ("obsnme", "obsval", "weight", "obgnme"),
    needed=4,
    aliases={"name": "obsnme", "value": "obsval", "group": "obgnme"},
)
_GROUPS = TableShape(
    "a group of parameters",
    ("pargpnme", "inctyp", "derinc", "derinclb", "forcen"),
    needed=1,
    aliases={"name": "pargpnme"},
)
_OBSERVATION_GROUPS = TableShape(
    "a group of observations", ("obgnme",), needed=1, aliases={"name": "obgnme"}
)
_PRIOR = TableShape(
    "a piece of prior information", ("pilbl", "equation", "weight", "obgnme"), needed=4, aliases={}
)
_PAIRS = TableShape("a pair of files", ("pest_file", "model_file"), needed=2, aliases={})


@dataclass(frozen=True)
class Control:
    """
    What a control file asks for.

    Parameters
    ----------
    file
        The control file, as the user spelled it.
    version
        1, or 2 with keywords and tables in files of their own.
    commands
        The command lines of the model.
    templates, instructions
        Files of PEST with files of the model.
    parameters, observations, prior
        What is looked for, what it should reproduce and what else it should fulfil.
    parameter_groups, observation_groups
        The names of the groups that have a line of their own, each with its place.
    noptmax
        How many iterations at most; 0 and below have meanings of their own.
    mode
        `estimation`, `prediction`, `regularisation` or `pareto`.
    is_restartable
        Whether PEST keeps what it needs to be started again.
    options
        What PEST++ is told beyond that; names in small letters.
    option_places
        Where each of them stands.
    counts
        How many there should be of what, as the beginning of the file says, each with its place.
    sections
        The sections of the file by name, as they stand there.
    tables
        The tables in files of their own that it has, as absolute paths.
    files
        All files that have to be on the nodes and that are there, as absolute paths.
    """

    file: Path
    version: int
    commands: tuple[Row, ...]
    templates: tuple[FilePair, ...]
    instructions: tuple[FilePair, ...]
    parameters: tuple[PestParameter, ...]
    observations: tuple[Observation, ...]
    prior: tuple[PriorInformation, ...]
    parameter_groups: Mapping[str, Place]
    observation_groups: Mapping[str, Place]
    noptmax: int
    mode: str
    is_restartable: bool
    options: Mapping[str, str]
    option_places: Mapping[str, Place]
    counts: Mapping[str, tuple[int, Place]]
    sections: Mapping[str, Section]
    tables: tuple[Path, ...]
    files: tuple[Path, ...]

    @property
    def folder(self) -> Path:
        """Where the control file is; all paths in it start there."""
        return self.file.parent

    @property
    def case(self) -> str:
        """What PEST calls its output files."""
        return self.file.stem

    @property
    def model_folders(self) -> tuple[PurePosixPath, ...]:
        """The folders, below that of the control file, that the model's own files are in."""
        pairs = (*self.templates, *self.instructions)
        files = (pair.model_file for pair in pairs if not leaves_folder(pair.model_file))
        folders = dict.fromkeys(as_posix(file).parent for file in files)
        return tuple(folder for folder in folders if folder != PurePosixPath())

    @cached_property
    def adjustable(self) -> tuple[PestParameter, ...]:
        """The parameters that PEST looks for."""
        return tuple(parameter for parameter in self.parameters if parameter.is_adjustable)


def read_control(file: Path) -> Control:
    """
    Read a control file, of PEST or PEST++, first or second version.

    Parameters
    ----------
    file
        The control file, as the user spelled it; other files are looked for beside it.

    Returns
    -------
    control : Control
        What it asks for.  Whether that agrees with the other files, `checking.check` tells.

    Raises
    ------
    ControlError
        About the first place that does not look like a control file.
    """
    hint = "name PEST's control file, CASE.pst, saved as text"
    try:
        text, _ = read_text(file, shown=file, what="the control file", otherwise=hint)
    except StudyError as error:
        raise ControlError(error.what, file=file, hint=error.hint) from error
    return _read(file, split_control(file, text))


def _read(file: Path, parts: ControlText) -> Control:
    data = read_control_data(parts.sections["control data"])
    templates, instructions = _file_pairs(parts, data, file.parent)
    groups = read_records(parts.sections.get("parameter groups"), _GROUPS, file.parent)
    observed = parts.sections.get("observation groups")
    observation_groups = read_records(observed, _OBSERVATION_GROUPS, file.parent)
    options = {name: text for name, (text, _) in data.options.items()} | parts.options
    places = {name: place for name, (_, place) in data.options.items()} | parts.option_places
    return Control(
        file=file,
        version=_version(parts),
        commands=tuple(_commands(parts)),
        templates=templates,
        instructions=instructions,
        parameters=tuple(_parameters(parts, file.parent)),
        observations=tuple(_observations(parts, file.parent)),
        prior=tuple(_prior(parts, file.parent)),
        parameter_groups={group.name("pargpnme"): group.place for group in groups},
        observation_groups={group.name("obgnme"): group.place for group in observation_groups},
        noptmax=data.noptmax,
        mode=data.mode,
        is_restartable=data.is_restartable,
        options=options,
        option_places=places,
        counts=data.counts(),
        sections=parts.sections,
        tables=tuple(external_files(parts.sections.values(), file.parent)),
        files=tuple(needed_files(file, parts, (*templates, *instructions), options)),
    )


def _version(parts: ControlText) -> int:
    sections = parts.sections.values()
    return 2 if any(section.is_external or section.is_keyword for section in sections) else 1


def _commands(parts: ControlText) -> list[Row]:
    section = parts.sections["model command line"]
    if not section.rows:
        raise ControlError.at(
            section.place, "there is no command of the model", "write the command below that line"
        )
    return section.rows


def _file_pairs(
    parts: ControlText, data: ControlData, folder: Path
) -> tuple[tuple[FilePair, ...], tuple[FilePair, ...]]:
    """Tell templates from instructions: by their sections, or by how many there should be."""
    both = parts.sections.get("model input/output")
    if both is None:
        return (
            tuple(_pairs(parts.sections["model input"], folder)),
            tuple(_pairs(parts.sections["model output"], folder)),
        )
    pairs = tuple(_pairs(both, folder))
    counts = data.counts()
    if "ntplfle" not in counts or "ninsfle" not in counts:
        what = "`NTPLFLE` and `NINSFLE`, the numbers of template and instruction files, are missing"
        raise ControlError.at(
            both.place, what, "write them, or `* model input` and `* model output`"
        )
    (templates, place), (instructions, _) = counts["ntplfle"], counts["ninsfle"]
    if templates < 0 or templates + instructions != len(pairs):
        what = (
            f"here {templates} template and {instructions} instruction files are announced, and "
            f"`* model input/output` has {len(pairs)} lines"
        )
        raise ControlError.at(place, what, "mend `NTPLFLE` and `NINSFLE`, or add what is missing")
    return pairs[:templates], pairs[templates:]


def _pairs(section: Section, folder: Path) -> Iterator[FilePair]:
    for record in read_records(section, _PAIRS, folder):
        yield FilePair(record.cells["pest_file"], record.cells["model_file"], record.place)


def _parameters(parts: ControlText, folder: Path) -> Iterator[PestParameter]:
    section = parts.sections["parameter data"]
    partners, rows = _take_tied_rows(section)
    tied = read_records(parts.sections.get("tied parameters data"), _TIED, folder)
    partners |= {record.name("parnme"): record.name("partied") for record in tied}
    for record in read_records(rows, _PARAMETERS, folder):
        name = record.name("parnme")
        partner = partners.get(name) or record.cells.get("partied", "").lower()
        yield _parameter(record, name, partner or None)


def _take_tied_rows(section: Section) -> tuple[dict[str, str], Section]:
    """Set apart the lines at the end of the section that name the partners of tied parameters."""
    if section.is_external:
        return {}, section
    tied = {row.words[0].lower() for row in section.rows if _is_tied(row)}
    pairs = [row for row in section.rows if len(row.words) == 2 and row.words[0].lower() in tied]
    partners = {row.words[0].lower(): row.words[1].lower() for row in pairs}
    kept = [row for row in section.rows if row not in pairs] if pairs else section.rows
    return partners, Section(section.name, section.place, rows=kept)


def _is_tied(row: Row) -> bool:
    return len(row.words) > 2 and row.words[1].lower() == "tied"


def _parameter(record: Record, name: str, partner: str | None) -> PestParameter:
    transform = record.name("partrans")
    if transform not in TRANSFORMS:
        what = f"`{transform[:40]}` is no transformation of a parameter"
        raise ControlError.at(record.place, what, f"write one of {listed(TRANSFORMS)}")
    return PestParameter(
        name=name,
        group=record.name("pargp"),
        transform=transform,
        initial=record.number("parval1"),
        lower=record.number("parlbnd"),
        upper=record.number("parubnd"),
        scale=record.number("scale", otherwise=1.0),
        offset=record.number("offset", otherwise=0.0),
        tied_to=partner if transform == "tied" else None,
        place=record.place,
    )


def _observations(parts: ControlText, folder: Path) -> Iterator[Observation]:
    for record in read_records(parts.sections["observation data"], _OBSERVATIONS, folder):
        yield Observation(
            name=record.name("obsnme"),
            group=record.name("obgnme"),
            value=record.number("obsval"),
            weight=record.number("weight"),
            place=record.place,
        )


def _prior(parts: ControlText, folder: Path) -> Iterator[PriorInformation]:
    section = parts.sections.get("prior information")
    if section is None or section.is_external:
        for record in read_records(section, _PRIOR, folder):
            name, group = record.name("pilbl"), record.name("obgnme")
            words = (*record.cells["equation"].split(), record.cells["weight"], group)
            yield PriorInformation(name, group, words, record.place)
        return
    for row in _joined(section.rows):
        cells = row.words
        if len(cells) < 4 or "=" not in row.text:
            what = "prior information is a name, an equation, a weight and a group"
            raise ControlError.at(
                row.place, what, "write it as in `pi1 1.0 * log(a) = 0.5 1.0 prior`"
            )
        group = "" if cells[-3] == "=" else cells[-1].lower()
        yield PriorInformation(cells[0].lower(), group, tuple(cells[1:]), row.place)


def _joined(rows: Iterable[Row]) -> Iterator[Row]:
    """Join lines that begin with `&` to the one that they continue."""
    whole: Row | None = None
    for row in rows:
        if whole is not None and row.text.startswith("&"):
            # What is glued to the `&` is one word with it, at which PEST stops.
            more = row.text if row.text[1:2].strip() else row.text[1:]
            whole = Row(f"{whole.text} {more}", whole.place)
            continue
        if whole is not None:
            yield whole
        whole = row
    if whole is not None:
        yield whole
