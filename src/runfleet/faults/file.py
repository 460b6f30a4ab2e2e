"""Reading fault files."""

from __future__ import annotations

from pathlib import Path

from runfleet.documents.document import parse_document
from runfleet.documents.errors import DocumentError
from runfleet.documents.validation import check
from runfleet.faults.fault import Faults
from runfleet.faults.form import FaultFileForm

_HINT = "write `faults:`, and below it one fault a line: `- {fault: busy, probability: 0.1}`"


def read_fault_file(file: Path) -> Faults:
    """
    Read what shall go wrong.

    Raises
    ------
    DocumentError
        If the file cannot be read, or something in it means nothing: with its line.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        what = f"the fault file cannot be read: {reason}"
        raise DocumentError(what, file=file, hint="check the path and its permissions") from error
    document = parse_document(text, file)
    if not isinstance(document.data, dict):
        raise DocumentError("these are no faults", file=file, hint=_HINT)
    return check(FaultFileForm, document).to_faults()
