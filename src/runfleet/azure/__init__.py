"""The client side of Azure Batch, for Azure and for the emulator alike."""

from runfleet.azure.adding import AddedTasks
from runfleet.azure.client import AzureBatch
from runfleet.azure.commands import (
    package_folders,
    package_variable,
    shell_command,
    with_packages,
)
from runfleet.azure.errors import (
    AuthenticationError,
    BatchError,
    ConflictError,
    ImageNotFoundError,
    NotFoundError,
    NotSupportedError,
    PoolFailedError,
    RequestTooLargeError,
    ServiceUnavailableError,
    TasksRefusedError,
    WaitTimeoutError,
)
from runfleet.azure.failures import ExecutionInfo, Failure
from runfleet.azure.images import image_name
from runfleet.azure.job_info import JobInfo, PreparationInfo
from runfleet.azure.job_settings import (
    AllTasksComplete,
    JobManager,
    JobSettings,
    PreparationTask,
    ReleaseTask,
)
from runfleet.azure.pool_info import NodeCounts, NodeInfo, PoolInfo
from runfleet.azure.pool_settings import Autoscale, PoolSettings, StartTask
from runfleet.azure.settings import (
    Image,
    OperatingSystem,
    OutputFile,
    PackageReference,
    ResourceFile,
    UploadCondition,
)
from runfleet.azure.task_info import FileInfo, TaskCounts, TaskInfo
from runfleet.azure.task_settings import Instances, TaskSettings
from runfleet.azure.values import quoted
from runfleet.patience import BackOff

__all__ = [
    "AddedTasks",
    "AllTasksComplete",
    "AuthenticationError",
    "Autoscale",
    "AzureBatch",
    "BackOff",
    "BatchError",
    "ConflictError",
    "ExecutionInfo",
    "Failure",
    "FileInfo",
    "Image",
    "ImageNotFoundError",
    "Instances",
    "JobInfo",
    "JobManager",
    "JobSettings",
    "NodeCounts",
    "NodeInfo",
    "NotFoundError",
    "NotSupportedError",
    "OperatingSystem",
    "OutputFile",
    "PackageReference",
    "PoolFailedError",
    "PoolInfo",
    "PoolSettings",
    "PreparationInfo",
    "PreparationTask",
    "ReleaseTask",
    "RequestTooLargeError",
    "ResourceFile",
    "ServiceUnavailableError",
    "StartTask",
    "TaskCounts",
    "TaskInfo",
    "TaskSettings",
    "TasksRefusedError",
    "UploadCondition",
    "WaitTimeoutError",
    "image_name",
    "package_folders",
    "package_variable",
    "quoted",
    "shell_command",
    "with_packages",
]
