"""Input files that differ from run to run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from runfleet.study.errors import StudyError
from runfleet.study.pest_template import PestTemplate, looks_like_pest
from runfleet.study.text_files import read_text
from runfleet.study.values import Sample

if TYPE_CHECKING:
    from runfleet.study.jinja_template import JinjaTemplate

_NO_TEXT_HINT = "save it as text in UTF-8; a file without parameters belongs to `inputs`"


@dataclass(frozen=True)
class Overlay:
    """
    An input file that is rendered from a template with the run's sample.

    Parameters
    ----------
    target
        The file to make, relative to the run's folder.
    source
        The template file.
    encoding
        Of the template and of what is rendered.
    template
        The template as it was read when the study was loaded.
    digest
        The SHA-256 hash of what the file held then.
    """

    target: PurePosixPath
    source: Path
    encoding: str
    template: JinjaTemplate | PestTemplate
    digest: str

    @classmethod
    def read(
        cls, target: PurePosixPath, source: Path, *, shown: Path, whole: Iterable[str] = ()
    ) -> Overlay:
        """
        Read a template; it is PEST's if it begins with `ptf`, and else Jinja2's.

        Parameters
        ----------
        target
            The file to make, relative to the run's folder.
        source
            The template file.
        shown
            The same as the user spelled it, for messages.
        whole
            The parameters that are whole numbers by their nature.

        Raises
        ------
        StudyError
            If the file cannot be read or its syntax is wrong.
        """
        text, encoding = read_text(
            source, shown=shown, what="the template", otherwise=_NO_TEXT_HINT
        )
        digest = hashlib.sha256(text.encode(encoding)).hexdigest()  # which gives back every byte
        if looks_like_pest(text):
            # A byte order mark goes with the line that it stands before.
            encoding = encoding.removesuffix("-sig")
            pest = PestTemplate.parse(shown, text, whole)
            return cls(target, source, encoding, pest, digest)
        # Imported late: many studies have no template of this kind.
        from runfleet.study.jinja_template import JinjaTemplate

        return cls(target, source, encoding, JinjaTemplate.parse(shown, text), digest)

    def render(self, sample: Sample, run_name: str) -> bytes:
        """
        Make the content of the file for one run.

        Raises
        ------
        StudyError
            If the template cannot be filled in, or a value does not fit.
        """
        text = self.template.render(sample, run_name)
        try:
            return text.encode(self.encoding)
        except UnicodeEncodeError as error:
            raise StudyError(
                f"`{text[error.start]}` cannot be written in {self.encoding}, the encoding of "
                f"this template (run `{run_name}`)",
                file=self.template.file,
                hint="save the template in UTF-8, or change the value",
            ) from error
