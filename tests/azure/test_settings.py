"""What we send has the shapes that the official SDK's own models have."""

import json
from datetime import timedelta

import pytest
from azure.batch import models as sdk

from runfleet.azure import (
    AllTasksComplete,
    Autoscale,
    Image,
    JobSettings,
    OperatingSystem,
    OutputFile,
    PackageReference,
    PoolSettings,
    PreparationTask,
    ReleaseTask,
    ResourceFile,
    StartTask,
    TaskSettings,
    UploadCondition,
)
from runfleet.azure.jobs import _JOB_FIELDS
from runfleet.azure.pools import _NODE_FIELDS, _POOL_FIELDS
from runfleet.azure.task_queries import FAILURE_FIELDS, NODES_FIELDS, STATE_FIELDS
from runfleet.azure.user_accounts import UserAccount

MINUTES = timedelta(minutes=10)


def as_sent(model):
    """Write a model as the SDK does; it pads the durations, which are compared elsewhere."""
    return json.loads(json.dumps(model.as_dict()).replace("PT10M00S", "PT10M"))


def test_a_task_with_everything():
    ours = TaskSettings(
        "run-1",
        "/bin/sh -c true",
        resource_files=[
            ResourceFile(http_url="https://a/b", file_path="b.txt", file_mode="0755"),
            ResourceFile(container_url="https://a/c", blob_prefix="in/", file_path="folder"),
            ResourceFile(auto_storage_container="study-one"),
        ],
        output_files=[
            OutputFile("*.rpt", "https://a/c", "runs/run-1", UploadCondition.SUCCESS),
            OutputFile("../std*.txt", "https://a/c"),
        ],
        environment={"P": "1.5", "EMPTY": ""},
        packages=[PackageReference("epanet", "2.3.5"), PackageReference("python")],
        max_retries=2,
        time_limit=MINUTES,
        retention=MINUTES,
        slots=2,
        user="runfleet",
    )
    container = sdk.OutputFileBlobContainerDestination
    theirs = sdk.BatchTaskCreateOptions(
        id="run-1",
        command_line="/bin/sh -c true",
        resource_files=[
            sdk.ResourceFile(http_url="https://a/b", file_path="b.txt", file_mode="0755"),
            sdk.ResourceFile(
                storage_container_url="https://a/c", blob_prefix="in/", file_path="folder"
            ),
            sdk.ResourceFile(auto_storage_container_name="study-one"),
        ],
        output_files=[
            sdk.OutputFile(
                file_pattern="*.rpt",
                destination=sdk.OutputFileDestination(
                    container=container(container_url="https://a/c", path="runs/run-1")
                ),
                upload_options=sdk.OutputFileUploadConfiguration(upload_condition="tasksuccess"),
            ),
            sdk.OutputFile(
                file_pattern="../std*.txt",
                destination=sdk.OutputFileDestination(
                    container=container(container_url="https://a/c")
                ),
                upload_options=sdk.OutputFileUploadConfiguration(upload_condition="taskcompletion"),
            ),
        ],
        environment_settings=[
            sdk.EnvironmentSetting(name="P", value="1.5"),
            sdk.EnvironmentSetting(name="EMPTY", value=""),
        ],
        application_package_references=[
            sdk.BatchApplicationPackageReference(application_id="epanet", version="2.3.5"),
            sdk.BatchApplicationPackageReference(application_id="python"),
        ],
        constraints=sdk.BatchTaskConstraints(
            max_wall_clock_time=MINUTES, retention_time=MINUTES, max_task_retry_count=2
        ),
        user_identity=sdk.UserIdentity(username="runfleet"),
        required_slots=2,
    )
    assert ours.to_wire() == as_sent(theirs)


def test_a_task_says_no_more_than_it_must():
    assert TaskSettings("run-1", "true").to_wire() == {"id": "run-1", "commandLine": "true"}


def test_a_job_with_everything():
    ours = JobSettings(
        "net1",
        "pool-1",
        preparation=PreparationTask(
            "prepare",
            resource_files=[ResourceFile(auto_storage_container="c")],
            environment={"A": "b"},
            max_retries=1,
            time_limit=MINUTES,
        ),
        release=ReleaseTask("clean up", environment={"A": "b"}, time_limit=MINUTES),
        environment={"C": "d"},
        max_retries=3,
        time_limit=MINUTES,
        priority=5,
        on_all_tasks_complete=AllTasksComplete.TERMINATE_JOB,
        metadata={"runfleet-study": "net1"},
    )
    variable = sdk.EnvironmentSetting(name="A", value="b")
    theirs = sdk.BatchJobCreateOptions(
        id="net1",
        pool_info=sdk.BatchPoolInfo(pool_id="pool-1"),
        job_preparation_task=sdk.BatchJobPreparationTask(
            command_line="prepare",
            resource_files=[sdk.ResourceFile(auto_storage_container_name="c")],
            environment_settings=[variable],
            constraints=sdk.BatchTaskConstraints(
                max_task_retry_count=1, max_wall_clock_time=MINUTES
            ),
            wait_for_success=True,
        ),
        job_release_task=sdk.BatchJobReleaseTask(
            command_line="clean up", environment_settings=[variable], max_wall_clock_time=MINUTES
        ),
        common_environment_settings=[sdk.EnvironmentSetting(name="C", value="d")],
        constraints=sdk.BatchJobConstraints(max_task_retry_count=3, max_wall_clock_time=MINUTES),
        priority=5,
        all_tasks_complete_mode="terminatejob",
        metadata=[sdk.BatchMetadataItem(name="runfleet-study", value="net1")],
    )
    assert ours.to_wire() == as_sent(theirs)


def test_a_pool_with_everything():
    image = Image(
        "canonical", "jammy", "22_04-lts", "batch.node.ubuntu 22.04", OperatingSystem.LINUX
    )
    ours = PoolSettings(
        "pool-1",
        image,
        "standard_f2s_v2",
        dedicated=2,
        spot=3,
        slots=4,
        pack=True,
        inter_node_communication=True,
        packages=[PackageReference("epanet", "2.3.5")],
        start_task=StartTask("install", max_retries=1, elevated=True),
        metadata={"owner": "me"},
        users=[UserAccount("runfleet", "secret", "the key")],
    )
    theirs = sdk.BatchPoolCreateOptions(
        id="pool-1",
        vm_size="standard_f2s_v2",
        virtual_machine_configuration=sdk.VirtualMachineConfiguration(
            image_reference=sdk.BatchVmImageReference(
                publisher="canonical", offer="jammy", sku="22_04-lts", version="latest"
            ),
            node_agent_sku_id="batch.node.ubuntu 22.04",
        ),
        target_dedicated_nodes=2,
        target_low_priority_nodes=3,
        task_slots_per_node=4,
        task_scheduling_policy=sdk.BatchTaskSchedulingPolicy(node_fill_type="pack"),
        enable_inter_node_communication=True,
        application_package_references=[
            sdk.BatchApplicationPackageReference(application_id="epanet", version="2.3.5")
        ],
        start_task=sdk.BatchStartTask(
            command_line="install",
            max_task_retry_count=1,
            wait_for_success=True,
            user_identity=sdk.UserIdentity(
                auto_user=sdk.AutoUserSpecification(scope="pool", elevation_level="admin")
            ),
        ),
        metadata=[sdk.BatchMetadataItem(name="owner", value="me")],
        user_accounts=[
            sdk.UserAccount(
                name="runfleet",
                password="secret",
                elevation_level="nonadmin",
                linux_user_configuration=sdk.LinuxUserConfiguration(ssh_private_key="the key"),
            )
        ],
    )
    assert ours.to_wire() == as_sent(theirs)


def test_a_pool_that_follows_its_work_has_no_targets():
    image = Image("canonical", "jammy", "22", "batch.node.ubuntu 22.04", OperatingSystem.LINUX)
    scale = Autoscale("$TargetDedicatedNodes = 1;", MINUTES)
    wire = PoolSettings("pool-1", image, "standard_f2s_v2", autoscale=scale).to_wire()
    assert wire.keys().isdisjoint({"targetDedicatedNodes", "targetLowPriorityNodes"})
    theirs = sdk.BatchPoolCreateOptions(
        id="pool-1",
        vm_size="standard_f2s_v2",
        enable_auto_scale=True,
        auto_scale_formula="$TargetDedicatedNodes = 1;",
        auto_scale_evaluation_interval=MINUTES,
    )
    assert wire.items() >= as_sent(theirs).items() - {("taskSlotsPerNode", 1)}


@pytest.mark.parametrize(
    ("fields", "model"),
    [
        (_POOL_FIELDS.split(","), sdk.BatchPool),
        (_NODE_FIELDS.split(","), sdk.BatchNode),
        (_JOB_FIELDS.split(","), sdk.BatchJob),
        ((*STATE_FIELDS, *FAILURE_FIELDS, *NODES_FIELDS), sdk.BatchTask),
    ],
)
def test_we_ask_for_fields_that_there_are(fields, model):
    model()  # the SDK learns the names when the first one is made
    known = {field._rest_name for field in model._attr_to_rest_field.values()}
    assert set(fields) <= known


@pytest.mark.parametrize("sources", [{}, {"http_url": "a", "container_url": "b"}])
def test_a_resource_file_has_one_source(sources):
    with pytest.raises(ValueError, match="exactly one source"):
        ResourceFile(**sources)
