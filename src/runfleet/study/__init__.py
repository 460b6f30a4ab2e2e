"""Studies: models, parameters, designs, overlays and the runs they make; what a study file says."""

from runfleet.study.errors import ResultError, StudyError
from runfleet.study.model import Model, Output, PackageReference, SharedInput
from runfleet.study.names import NamePattern, study_name_from
from runfleet.study.overlays import Overlay
from runfleet.study.parameters import Parameter
from runfleet.study.pest import Pest, WorkerRange
from runfleet.study.pool import NodeRange, PoolRequest
from runfleet.study.results import Result, Take
from runfleet.study.run import Run
from runfleet.study.starter import starter_text
from runfleet.study.study import Study
from runfleet.study.values import Sample, Value, as_text

__all__ = [
    "Model",
    "NamePattern",
    "NodeRange",
    "Output",
    "Overlay",
    "PackageReference",
    "Parameter",
    "Pest",
    "PoolRequest",
    "Result",
    "ResultError",
    "Run",
    "Sample",
    "SharedInput",
    "Study",
    "StudyError",
    "Take",
    "Value",
    "WorkerRange",
    "as_text",
    "json_schema",
    "starter_text",
    "study_name_from",
]


def json_schema() -> dict[str, object]:
    """Describe the study file as a JSON Schema, by which editors complete and check it."""
    # Imported late, for pydantic takes its time.
    from runfleet.study.forms import json_schema as schema_of_forms

    return schema_of_forms()
