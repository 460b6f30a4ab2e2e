"""The service's error codes with their status and text, and error bodies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runfleet.batch.errors import BatchRuleError

MAX_BODY_BYTES = 1_048_576


@dataclass(frozen=True, slots=True)
class ErrorText:
    """
    What the service answers to one kind of error.

    Parameters
    ----------
    status, message
        The HTTP status, and what is said.
    """

    status: int
    message: str


ERRORS: Mapping[str, ErrorText] = {
    code: ErrorText(status, message)
    for status, messages in {
        400: {
            "AutoScaleFormulaTooLong": "The specified auto-scaling formula is too long.",
            "AutoScalingFormulaSyntaxError": "The specified auto-scaling formula has a "
            "syntax error.",
            "InvalidBlockList": "The specified block list is invalid.",
            "EmptyMetadataKey": "The key for one of the metadata key-value pairs is empty.",
            "InvalidAutoScalingSettings": "The specified autoscale settings are invalid.",
            "InvalidHeaderValue": "The value provided for one of the HTTP headers was not in the "
            "correct format.",
            "InvalidPropertyValue": "The value provided for one of the properties in the request "
            "body is invalid.",
            "InvalidQueryParameterValue": "Value for one of the query parameters specified in the "
            "request URI is invalid.",
            "InvalidRequestBody": "The specified Request Body is not syntactically valid.",
            "MissingRequiredProperty": "A required property was not specified in the request body.",
            "MissingRequiredQueryParameter": "A query parameter that's mandatory for this request "
            "is not specified.",
            "MultipleConditionHeadersNotSupported": "Multiple condition headers are not supported.",
            "OutOfRangePriority": "The specified priority is out of range.",
            "OutOfRangeQueryParameterValue": "A query parameter specified in the request URI is "
            "outside the permissible range.",
            "RequestUrlFailedToParse": "The url in the request could not be parsed.",
            "TaskDependenciesNotSpecifiedOnJob": "The job does not use task dependencies.",
            "TaskDependencyListTooLong": "The ids of the tasks that the task depends on are too "
            "long together.",
            "UnsupportedRequestVersion": "The specified api-version is not supported.",
        },
        401: {
            "InvalidAuthenticationInfo": "The authentication information was not provided in the "
            "correct format. Verify the value of Authorization header.",
        },
        403: {
            "AuthenticationFailed": "Server failed to authenticate the request. Make sure the "
            "value of Authorization header is formed correctly including the signature.",
            "IOError": "The operation could not be completed because of an input or output error.",
        },
        404: {
            "ApplicationNotFound": "The specified application does not exist.",
            "ApplicationPackageNotFound": "The specified application package does not exist.",
            "FileNotFound": "The specified file does not exist.",
            "JobNotFound": "The specified job does not exist.",
            "JobScheduleNotFound": "The specified job schedule does not exist.",
            "NodeAgentSKUNotFound": "The specified node agent SKU does not exist.",
            "NodeNotFound": "The specified node does not exist.",
            "NodeUserNotFound": "The node user does not exist.",
            "PathNotFound": "The specified path does not exist.",
            "PoolNotFound": "The specified pool does not exist.",
            "ResourceNotFound": "The specified resource does not exist.",
            "TaskNotFound": "The specified task does not exist.",
        },
        405: {"UnsupportedHttpVerb": "The resource doesn't support the specified HTTP verb."},
        409: {
            "ActiveJobAndScheduleQuotaReached": "The quota for active jobs and job schedules has "
            "been reached.",
            # What the service calls the four that follow is not known.
            "ApplicationHasPackages": "The application cannot be deleted while it has packages.",
            "ApplicationPackageBlobNotFound": "Nothing has been uploaded to the storage URL of the "
            "application package.",
            "ApplicationUpdatesNotAllowed": "The application does not allow its packages to be "
            "replaced or deleted.",
            "BlobAlreadyExists": "The specified blob already exists.",
            "InvalidApplicationPackageReferences": "One or more application package references "
            "could not be satisfied.",
            "JobBeingDeleted": "The specified job has been marked for deletion and is being "
            "garbage collected.",
            "JobBeingTerminated": "The specified job is being terminated.",
            "JobCompleted": "The specified job is already in a completed state.",
            "JobDisabled": "The specified job is disabled.",
            "JobExists": "The specified job already exists.",
            "JobNotActive": "The specified job is not active.",
            "JobPreparationTaskOrReleaseTaskNotSpecified": "The specified job has neither a job "
            "preparation task nor a job release task.",
            "JobScheduleBeingDeleted": "The specified job schedule has been marked for deletion "
            "and is being garbage collected.",
            "JobScheduleBeingTerminated": "The specified job schedule is being terminated.",
            "JobScheduleCompleted": "The specified job schedule is already in completed state.",
            "JobScheduleExists": "The specified job schedule already exists.",
            "JobScheduleWithSameIdExists": "A job schedule with the specified id exists.",
            "JobWithSameIdExists": "A job with the specified id exists.",
            "NodeAlreadyInTargetSchedulingState": "The specified node is already in the target "
            "scheduling state.",
            "NodeBeingCreated": "The specified node is being created.",
            "NodeBeingRebooted": "The specified node is being rebooted.",
            "NodeBeingReimaged": "The specified node is being reimaged.",
            "NodeBeingStarted": "The specified node is being started.",
            "NodeStateUnusable": "The specified node is unusable.",
            "NodeUserExists": "The specified node user already exists.",
            "OperationInvalidForCurrentState": "The specified operation is not valid for the "
            "current state of the resource.",
            "OperationNotValidOnNode": "The specified operation is not valid on the node.",
            "OperationNotValidOnPool": "The specified operation is not valid on the pool.",
            "PoolBeingCreated": "The specified pool is being created.",
            "PoolBeingDeleted": "The specified pool has been marked for deletion and is being "
            "reclaimed.",
            "PoolBeingResized": "The specified pool has an ongoing resize operation.",
            "PoolExists": "The specified pool already exists.",
            "PoolQuotaReached": "The pool quota for the account has been reached.",
            "TaskCompleted": "The specified task is already in a completed state.",
            "TaskExists": "The specified task already exists.",
            "TaskFilesCleanedup": "The files of the specified task have been cleaned up from the "
            "node.",
            "TaskFilesUnavailable": "The task files are unavailable because the node cannot be "
            "accessed or the task has not started.",
            "TaskIdSameAsJobPreparationTask": "The task id is the same as that of the job "
            "preparation task.",
            "TaskIdSameAsJobReleaseTask": "The task id is the same as that of the job release "
            "task.",
            "TaskNotCompleted": "The specified task has not completed.",
            "TaskSucceeded": "The specified task has completed successfully.",
        },
        411: {"MissingContentLengthHeader": "The Content-Length header was not specified."},
        412: {
            "ConditionNotMet": "The condition specified using HTTP conditional header(s) is not "
            "met.",
        },
        413: {
            "RequestBodyTooLarge": "The request body is too large and exceeds the maximum "
            "permissible limit.",
        },
        416: {"InvalidRange": "The range specified is invalid for the current size of the file."},
        500: {"InternalError": "Server encountered an internal error. Please try again."},
        501: {"NotImplemented": "This Batch service does not implement what was asked for."},
        503: {
            "ServerBusy": "The server is currently unable to receive requests. Please retry.",
            "TooManyEnableAutoScaleRequests": "Autoscale of the specified pool was enabled less "
            "than 30 seconds ago. Please retry.",
        },
    }.items()
    for code, message in messages.items()
}


class WireError(BatchRuleError):
    """
    A request that cannot be carried out as it was sent.

    Parameters
    ----------
    code
        A key of `ERRORS`.
    details
        What the error body lists as ``values``.
    status
        Only where it differs from the code's usual one.
    """

    def __init__(
        self,
        code: str,
        details: Mapping[str, str] | None = None,
        *,
        status: int | None = None,
    ) -> None:
        super().__init__(code, details)
        self.message = ERRORS[code].message
        self.status = status or ERRORS[code].status


def not_implemented(reason: str) -> WireError:
    """The answer to what is not built: `reason` says what it is and why."""
    return WireError("NotImplemented", {"Reason": reason})


def invalid_property(name: str, value: object, reason: str) -> WireError:
    """A member of a request body has a value that it cannot have."""
    details = {"PropertyName": name, "PropertyValue": _json_text(value)[:200], "Reason": reason}
    return WireError("InvalidPropertyValue", details)


def _json_text(value: object) -> str:
    """A value as the client wrote it: `true`, not `True`; a text stands for itself."""
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)


def invalid_query(name: str, value: str, reason: str) -> WireError:
    """A parameter of a request's query has a value that it cannot have."""
    return WireError("InvalidQueryParameterValue", query_details(name, value, reason))


def query_details(name: str, value: str, reason: str) -> dict[str, str]:
    """Which parameter of a query an error is about, and why."""
    return {
        "QueryParameterName": name,
        "QueryParameterValue": value[:200],
        "Reason": reason,
    }


def missing_property(name: str) -> WireError:
    """A member of a request body is not there but must be."""
    return WireError("MissingRequiredProperty", {"PropertyName": name})


def body_too_large() -> WireError:
    """A request body exceeds what the service takes."""
    return WireError("RequestBodyTooLarge", {"MaxLimit": str(MAX_BODY_BYTES)})


def error_status(error: BatchRuleError) -> int:
    """The HTTP status that answers an error."""
    return error.status if isinstance(error, WireError) else ERRORS[error.code].status


def error_json(error: BatchRuleError, suffix: str = "") -> dict[str, Any]:
    """An error as the service writes it in bodies; `suffix` follows its message."""
    shape: dict[str, Any] = {
        "code": error.code,
        "message": {"lang": "en-US", "value": ERRORS[error.code].message + suffix},
    }
    if error.details:
        shape["values"] = [{"key": key, "value": value} for key, value in error.details.items()]
    return shape
