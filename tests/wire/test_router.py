"""Every operation of the SDK is found by its path, and nothing else is."""

import inspect
import re
import string
from urllib.parse import quote

import pytest
from azure.batch import BatchClient
from azure.batch._operations import _operations as sdk
from hypothesis import given
from hypothesis import strategies as st

from runfleet.wire.errors import WireError
from runfleet.wire.operations import OPERATIONS, Conditions

BUILDER = re.compile(r"build_batch_(\w+?)(_internal)?_request")
IDS = st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=64)
PATHS = st.text(min_size=1).filter(lambda text: text.isprintable())


def sdk_operations():
    """Name, request and success status of every operation that the SDK can ask for."""
    for builder_name, builder in inspect.getmembers(sdk, inspect.isfunction):
        if match := BUILDER.fullmatch(builder_name):
            method = match[1] + (match[2] or "")
            yield pytest.param(match[1], method, builder, built(builder), id=match[1])


def built(builder):
    """The request that a function of the SDK builds, every parameter of its path an x."""
    parameters = inspect.signature(builder).parameters.values()
    required = {
        parameter.name: "x"
        for parameter in parameters
        if parameter.default is parameter.empty and parameter.kind != parameter.VAR_KEYWORD
    }
    if 'kwargs.pop("content_type")' in inspect.getsource(builder):
        required["content_type"] = "application/json"
    return builder(**required)


SDK_OPERATIONS = tuple(sdk_operations())


def client_method(name):
    """The method of the SDK's client that sends a request, helpers of its own included."""
    return getattr(BatchClient, name, None) or getattr(BatchClient, f"_{name}")


@pytest.mark.parametrize(("name", "method", "builder", "request_"), SDK_OPERATIONS)
def test_every_operation_of_the_sdk_is_known(make_request, name, method, builder, request_):
    operation = make_request(request_.method, request_.url).operation
    assert operation.name == name


@pytest.mark.parametrize(("name", "method", "builder", "request_"), SDK_OPERATIONS)
def test_every_operation_answers_the_status_that_the_sdk_accepts(
    make_request, name, method, builder, request_
):
    operation = make_request(request_.method, request_.url).operation
    source = inspect.getsource(client_method(method))
    accepted = re.search(r"status_code not in \[(\d+)", source)
    # The two downloads are wrapped in a method of their own, which sets no status.
    assert operation.status == (int(accepted[1]) if accepted else 200)


@pytest.mark.parametrize(("name", "method", "builder", "request_"), SDK_OPERATIONS)
def test_every_operation_takes_the_conditions_that_the_sdk_sends(
    make_request, name, method, builder, request_
):
    sends = inspect.signature(builder).parameters
    operation = make_request(request_.method, request_.url).operation
    assert (operation.conditions is Conditions.ALL) == ("etag" in sends)
    assert (operation.conditions is not Conditions.NONE) == ("if_modified_since" in sends)


def test_an_operation_has_one_name_and_one_place():
    assert len({operation.name for operation in OPERATIONS}) == len(OPERATIONS)
    assert len({(operation.method, operation.path) for operation in OPERATIONS}) == len(OPERATIONS)


@given(job_id=IDS, task_id=IDS, path=PATHS)
def test_a_path_reads_back_however_its_file_is_named(make_request, job_id, task_id, path):
    target = f"/jobs/{job_id}/tasks/{task_id}/files/{quote(path, safe='')}"
    request = make_request("GET", target)
    assert request.operation.name == "download_task_file"
    assert request.parameters == {"job_id": job_id, "task_id": task_id, "path": path}
    assert request.path == target


def test_the_path_of_a_file_may_have_raw_slashes(make_request):
    request = make_request("HEAD", "/pools/p/nodes/n/files/workitems/j/job-1/t/wd/a%20b.txt?x=1")
    assert request.operation.name == "get_node_file_properties"
    assert request.parameters["path"] == "workitems/j/job-1/t/wd/a b.txt"


@pytest.mark.parametrize(
    "path", ["/jobs/sched:job-1", "/jobs/sched%3Ajob-1", "/jobs/sched%3ajob-1"]
)
def test_a_job_of_a_schedule_has_a_colon_in_its_id(make_request, path):
    assert make_request("GET", path).parameters == {"job_id": "sched:job-1"}


def test_a_slash_inside_an_id_does_not_make_another_path(make_request):
    assert make_request("GET", "/jobs/j%2Ftasks").parameters == {"job_id": "j/tasks"}


def test_older_operations_are_known(make_request):
    target = "/certificates(thumbprintAlgorithm=sha1,thumbprint=ab)"
    assert make_request("GET", target).operation.name == "get_certificate"
    cancel = make_request("POST", f"{target}/canceldelete")
    assert cancel.operation.name == "cancel_certificate_deletion"
    assert make_request("GET", "/certificates").operation.name == "list_certificates"
    assert make_request("GET", "/lifetimejobstats").operation.name.endswith("lifetime_statistics")


@pytest.mark.parametrize(
    "path",
    ["/", "/nothing", "/pools/", "/pools//nodes", "/jobs/j/nothing", "/jobs/j/tasks/t/files/"],
)
def test_a_path_that_means_nothing_is_not_found(make_request, path):
    with pytest.raises(WireError) as caught:
        make_request("GET", path)
    assert (caught.value.status, caught.value.code) == (404, "ResourceNotFound")


def test_a_method_that_a_path_does_not_take_is_named_as_such(make_request):
    with pytest.raises(WireError) as caught:
        make_request("DELETE", "/pools")
    assert (caught.value.status, caught.value.code) == (405, "UnsupportedHttpVerb")
