"""
Request bodies, derived from the models of azure-batch: do not edit.

`tools/generate_wire_models.py` writes this file.
"""

from __future__ import annotations

from typing import Annotated, Required

from typing_extensions import TypedDict

from runfleet.wire.members import Duration, Timestamp, one_of

AutoUserScope = Annotated[
    str,
    one_of(
        "task",
        "pool",
    ),
]

BatchAllTasksCompleteMode = Annotated[
    str,
    one_of(
        "noaction",
        "terminatejob",
    ),
]

BatchJobActionKind = Annotated[
    str,
    one_of(
        "none",
        "disable",
        "terminate",
    ),
]

BatchJobDefaultOrder = Annotated[
    str,
    one_of(
        "none",
        "creationtime",
    ),
]

BatchNodeDeallocateOption = Annotated[
    str,
    one_of(
        "requeue",
        "terminate",
        "taskcompletion",
        "retaineddata",
    ),
]

BatchNodeDeallocationOption = Annotated[
    str,
    one_of(
        "requeue",
        "terminate",
        "taskcompletion",
        "retaineddata",
    ),
]

BatchNodeDisableSchedulingOption = Annotated[
    str,
    one_of(
        "requeue",
        "terminate",
        "taskcompletion",
    ),
]

BatchNodeFillType = Annotated[
    str,
    one_of(
        "spread",
        "pack",
    ),
]

BatchNodePlacementPolicyType = Annotated[
    str,
    one_of(
        "regional",
        "zonal",
    ),
]

BatchNodeRebootKind = Annotated[
    str,
    one_of(
        "requeue",
        "terminate",
        "taskcompletion",
        "retaineddata",
    ),
]

BatchPoolLifetimeOption = Annotated[
    str,
    one_of(
        "jobschedule",
        "job",
    ),
]

BatchTaskFailureMode = Annotated[
    str,
    one_of(
        "noaction",
        "performexitoptionsjobaction",
    ),
]

CachingType = Annotated[
    str,
    one_of(
        "none",
        "readonly",
        "readwrite",
    ),
]

ContainerHostDataPath = Annotated[
    str,
    one_of(
        "Shared",
        "Startup",
        "VfsMounts",
        "Task",
        "JobPrep",
        "Applications",
    ),
]

ContainerType = Annotated[
    str,
    one_of(
        "dockerCompatible",
        "criCompatible",
    ),
]

ContainerWorkingDirectory = Annotated[
    str,
    one_of(
        "taskWorkingDirectory",
        "containerImageDefault",
    ),
]

DependencyAction = Annotated[
    str,
    one_of(
        "satisfy",
        "block",
    ),
]

DiffDiskPlacement = Annotated[
    str,
    one_of(
        "cachedisk",
    ),
]

DisableBatchJobOption = Annotated[
    str,
    one_of(
        "requeue",
        "terminate",
        "wait",
    ),
]

DiskEncryptionTarget = Annotated[
    str,
    one_of(
        "osdisk",
        "temporarydisk",
    ),
]

DynamicVNetAssignmentScope = Annotated[
    str,
    one_of(
        "none",
        "job",
    ),
]

ElevationLevel = Annotated[
    str,
    one_of(
        "nonadmin",
        "admin",
    ),
]

HostEndpointSettingsModeTypes = Annotated[
    str,
    one_of(
        "Audit",
        "Enforce",
    ),
]

IPFamily = Annotated[
    str,
    one_of(
        "IPv4",
        "IPv6",
    ),
]

InboundEndpointProtocol = Annotated[
    str,
    one_of(
        "tcp",
        "udp",
    ),
]

IpAddressProvisioningType = Annotated[
    str,
    one_of(
        "batchmanaged",
        "usermanaged",
        "nopublicipaddresses",
    ),
]

LoginMode = Annotated[
    str,
    one_of(
        "batch",
        "interactive",
    ),
]

NetworkSecurityGroupRuleAccess = Annotated[
    str,
    one_of(
        "allow",
        "deny",
    ),
]

OutputFileUploadCondition = Annotated[
    str,
    one_of(
        "tasksuccess",
        "taskfailure",
        "taskcompletion",
    ),
]

SecurityEncryptionTypes = Annotated[
    str,
    one_of(
        "DiskWithVMGuestState",
        "NonPersistedTPM",
        "VMGuestStateOnly",
    ),
]

SecurityTypes = Annotated[
    str,
    one_of(
        "trustedLaunch",
        "confidentialvm",
    ),
]

StorageAccountType = Annotated[
    str,
    one_of(
        "standard_lrs",
        "premium_lrs",
        "standardssd_lrs",
    ),
]

UpgradeMode = Annotated[
    str,
    one_of(
        "automatic",
        "manual",
        "rolling",
    ),
]


class AutoUserSpecification(TypedDict, total=False):
    scope: AutoUserScope
    elevationLevel: ElevationLevel


class AutomaticOsUpgradePolicy(TypedDict, total=False):
    disableAutomaticRollback: bool
    enableAutomaticOSUpgrade: bool
    useRollingUpgradePolicy: bool
    osRollingUpgradeDeferral: bool


class AzureBlobFileSystemConfiguration(TypedDict, total=False):
    accountName: Required[str]
    containerName: Required[str]
    accountKey: str
    sasKey: str
    blobfuseOptions: str
    relativeMountPath: Required[str]
    identityReference: BatchNodeIdentityReference


class AzureFileShareConfiguration(TypedDict, total=False):
    accountName: Required[str]
    accountKey: Required[str]
    azureFileUrl: Required[str]
    relativeMountPath: Required[str]
    mountOptions: str


class BatchAffinityInfo(TypedDict, total=False):
    affinityId: Required[str]


class BatchApplicationPackageReference(TypedDict, total=False):
    applicationId: Required[str]
    version: str


class BatchAutoPoolSpecification(TypedDict, total=False):
    autoPoolIdPrefix: str
    poolLifetimeOption: Required[BatchPoolLifetimeOption]
    keepAlive: bool
    pool: BatchPoolSpecification


class BatchContainerConfiguration(TypedDict, total=False):
    type: Required[ContainerType]
    containerImageNames: list[str]
    containerRegistries: list[ContainerRegistryReference]


class BatchDiffDiskSettings(TypedDict, total=False):
    placement: DiffDiskPlacement


class BatchInboundNatPool(TypedDict, total=False):
    name: Required[str]
    protocol: Required[InboundEndpointProtocol]
    backendPort: Required[int]
    frontendPortRangeStart: Required[int]
    frontendPortRangeEnd: Required[int]
    networkSecurityGroupRules: list[NetworkSecurityGroupRule]


class BatchJob(TypedDict, total=False):
    priority: int
    allowTaskPreemption: bool
    maxParallelTasks: int
    constraints: BatchJobConstraints
    poolInfo: Required[BatchPoolInfo]
    onAllTasksComplete: BatchAllTasksCompleteMode
    metadata: list[BatchMetadataItem]


class BatchJobConstraints(TypedDict, total=False):
    maxWallClockTime: Duration
    maxTaskRetryCount: int


class BatchJobCreateOptions(TypedDict, total=False):
    id: Required[str]
    displayName: str
    usesTaskDependencies: bool
    priority: int
    allowTaskPreemption: bool
    maxParallelTasks: int
    constraints: BatchJobConstraints
    jobManagerTask: BatchJobManagerTask
    jobPreparationTask: BatchJobPreparationTask
    jobReleaseTask: BatchJobReleaseTask
    commonEnvironmentSettings: list[EnvironmentSetting]
    poolInfo: Required[BatchPoolInfo]
    onAllTasksComplete: BatchAllTasksCompleteMode
    onTaskFailure: BatchTaskFailureMode
    networkConfiguration: BatchJobNetworkConfiguration
    metadata: list[BatchMetadataItem]


class BatchJobDisableOptions(TypedDict, total=False):
    disableTasks: Required[DisableBatchJobOption]


class BatchJobManagerTask(TypedDict, total=False):
    id: Required[str]
    displayName: str
    commandLine: Required[str]
    containerSettings: BatchTaskContainerSettings
    resourceFiles: list[ResourceFile]
    outputFiles: list[OutputFile]
    environmentSettings: list[EnvironmentSetting]
    constraints: BatchTaskConstraints
    requiredSlots: int
    killJobOnCompletion: bool
    userIdentity: UserIdentity
    runExclusive: bool
    applicationPackageReferences: list[BatchApplicationPackageReference]
    allowLowPriorityNode: bool
    authenticationTokenSettings: dict[str, object]


class BatchJobNetworkConfiguration(TypedDict, total=False):
    subnetId: Required[str]
    skipWithdrawFromVNet: bool


class BatchJobPreparationTask(TypedDict, total=False):
    id: str
    commandLine: Required[str]
    containerSettings: BatchTaskContainerSettings
    resourceFiles: list[ResourceFile]
    environmentSettings: list[EnvironmentSetting]
    constraints: BatchTaskConstraints
    waitForSuccess: bool
    userIdentity: UserIdentity
    rerunOnNodeRebootAfterSuccess: bool


class BatchJobReleaseTask(TypedDict, total=False):
    id: str
    commandLine: Required[str]
    containerSettings: BatchTaskContainerSettings
    resourceFiles: list[ResourceFile]
    environmentSettings: list[EnvironmentSetting]
    maxWallClockTime: Duration
    retentionTime: Duration
    userIdentity: UserIdentity


class BatchJobSchedule(TypedDict, total=False):
    schedule: BatchJobScheduleConfiguration
    jobSpecification: Required[BatchJobSpecification]
    metadata: list[BatchMetadataItem]


class BatchJobScheduleConfiguration(TypedDict, total=False):
    doNotRunUntil: Timestamp
    doNotRunAfter: Timestamp
    startWindow: Duration
    recurrenceInterval: Duration


class BatchJobScheduleCreateOptions(TypedDict, total=False):
    id: Required[str]
    displayName: str
    schedule: Required[BatchJobScheduleConfiguration]
    jobSpecification: Required[BatchJobSpecification]
    metadata: list[BatchMetadataItem]


class BatchJobScheduleUpdateOptions(TypedDict, total=False):
    schedule: BatchJobScheduleConfiguration
    jobSpecification: BatchJobSpecification
    metadata: list[BatchMetadataItem]


class BatchJobSpecification(TypedDict, total=False):
    priority: int
    allowTaskPreemption: bool
    maxParallelTasks: int
    displayName: str
    usesTaskDependencies: bool
    onAllTasksComplete: BatchAllTasksCompleteMode
    onTaskFailure: BatchTaskFailureMode
    networkConfiguration: BatchJobNetworkConfiguration
    constraints: BatchJobConstraints
    jobManagerTask: BatchJobManagerTask
    jobPreparationTask: BatchJobPreparationTask
    jobReleaseTask: BatchJobReleaseTask
    commonEnvironmentSettings: list[EnvironmentSetting]
    poolInfo: Required[BatchPoolInfo]
    metadata: list[BatchMetadataItem]


class BatchJobTerminateOptions(TypedDict, total=False):
    terminateReason: str


class BatchJobUpdateOptions(TypedDict, total=False):
    priority: int
    allowTaskPreemption: bool
    maxParallelTasks: int
    constraints: BatchJobConstraints
    poolInfo: BatchPoolInfo
    onAllTasksComplete: BatchAllTasksCompleteMode
    metadata: list[BatchMetadataItem]
    networkConfiguration: BatchJobNetworkConfiguration


class BatchMetadataItem(TypedDict, total=False):
    name: Required[str]
    value: Required[str]


class BatchNodeDeallocateOptions(TypedDict, total=False):
    nodeDeallocateOption: BatchNodeDeallocateOption


class BatchNodeDisableSchedulingOptions(TypedDict, total=False):
    nodeDisableSchedulingOption: BatchNodeDisableSchedulingOption


class BatchNodeIdentityReference(TypedDict, total=False):
    resourceId: str


class BatchNodePlacementConfiguration(TypedDict, total=False):
    policy: BatchNodePlacementPolicyType


class BatchNodeRebootOptions(TypedDict, total=False):
    nodeRebootOption: BatchNodeRebootKind


class BatchNodeRemoveOptions(TypedDict, total=False):
    nodeList: Required[list[str]]
    resizeTimeout: Duration
    nodeDeallocationOption: BatchNodeDeallocationOption


class BatchNodeUserCreateOptions(TypedDict, total=False):
    name: Required[str]
    isAdmin: bool
    expiryTime: Timestamp
    password: str
    sshPublicKey: str


class BatchNodeUserReplaceOptions(TypedDict, total=False):
    password: str
    expiryTime: Timestamp
    sshPublicKey: str


class BatchOsDisk(TypedDict, total=False):
    ephemeralOSDiskSettings: BatchDiffDiskSettings
    caching: CachingType
    diskSizeGB: int
    managedDisk: ManagedDisk
    writeAcceleratorEnabled: bool


class BatchPoolCreateOptions(TypedDict, total=False):
    id: Required[str]
    displayName: str
    vmSize: Required[str]
    virtualMachineConfiguration: VirtualMachineConfiguration
    resizeTimeout: Duration
    targetDedicatedNodes: int
    targetLowPriorityNodes: int
    enableAutoScale: bool
    autoScaleFormula: str
    autoScaleEvaluationInterval: Duration
    enableInterNodeCommunication: bool
    networkConfiguration: NetworkConfiguration
    startTask: BatchStartTask
    applicationPackageReferences: list[BatchApplicationPackageReference]
    taskSlotsPerNode: int
    taskSchedulingPolicy: BatchTaskSchedulingPolicy
    userAccounts: list[UserAccount]
    metadata: list[BatchMetadataItem]
    mountConfiguration: list[MountConfiguration]
    upgradePolicy: UpgradePolicy
    certificateReferences: list[dict[str, object]]
    targetNodeCommunicationMode: Annotated[str, one_of("default", "classic", "simplified")]
    applicationLicenses: list[str]
    cloudServiceConfiguration: dict[str, object]
    maxTasksPerNode: int
    resourceTags: dict[str, str]


class BatchPoolEnableAutoScaleOptions(TypedDict, total=False):
    autoScaleFormula: str
    autoScaleEvaluationInterval: Duration


class BatchPoolEndpointConfiguration(TypedDict, total=False):
    inboundNATPools: Required[list[BatchInboundNatPool]]


class BatchPoolEvaluateAutoScaleOptions(TypedDict, total=False):
    autoScaleFormula: Required[str]


class BatchPoolIdentityReference(TypedDict, total=False):
    resourceId: str


class BatchPoolInfo(TypedDict, total=False):
    poolId: str
    autoPoolSpecification: BatchAutoPoolSpecification


class BatchPoolReplaceOptions(TypedDict, total=False):
    startTask: BatchStartTask
    applicationPackageReferences: Required[list[BatchApplicationPackageReference]]
    metadata: Required[list[BatchMetadataItem]]
    certificateReferences: list[dict[str, object]]
    targetNodeCommunicationMode: Annotated[str, one_of("default", "classic", "simplified")]


class BatchPoolResizeOptions(TypedDict, total=False):
    targetDedicatedNodes: int
    targetLowPriorityNodes: int
    resizeTimeout: Duration
    nodeDeallocationOption: BatchNodeDeallocationOption


class BatchPoolSpecification(TypedDict, total=False):
    displayName: str
    vmSize: Required[str]
    virtualMachineConfiguration: VirtualMachineConfiguration
    taskSlotsPerNode: int
    taskSchedulingPolicy: BatchTaskSchedulingPolicy
    resizeTimeout: Duration
    targetDedicatedNodes: int
    targetLowPriorityNodes: int
    enableAutoScale: bool
    autoScaleFormula: str
    autoScaleEvaluationInterval: Duration
    enableInterNodeCommunication: bool
    networkConfiguration: NetworkConfiguration
    startTask: BatchStartTask
    applicationPackageReferences: list[BatchApplicationPackageReference]
    userAccounts: list[UserAccount]
    metadata: list[BatchMetadataItem]
    mountConfiguration: list[MountConfiguration]
    upgradePolicy: UpgradePolicy
    certificateReferences: list[dict[str, object]]
    targetNodeCommunicationMode: Annotated[str, one_of("default", "classic", "simplified")]
    applicationLicenses: list[str]
    cloudServiceConfiguration: dict[str, object]
    maxTasksPerNode: int
    resourceTags: dict[str, str]


class BatchPoolUpdateOptions(TypedDict, total=False):
    displayName: str
    vmSize: str
    enableInterNodeCommunication: bool
    startTask: BatchStartTask
    applicationPackageReferences: list[BatchApplicationPackageReference]
    metadata: list[BatchMetadataItem]
    virtualMachineConfiguration: VirtualMachineConfiguration
    taskSlotsPerNode: int
    taskSchedulingPolicy: BatchTaskSchedulingPolicy
    networkConfiguration: NetworkConfiguration
    userAccounts: list[UserAccount]
    mountConfiguration: list[MountConfiguration]
    upgradePolicy: UpgradePolicy
    certificateReferences: list[dict[str, object]]
    targetNodeCommunicationMode: Annotated[str, one_of("default", "classic", "simplified")]


class BatchPublicIpAddressConfiguration(TypedDict, total=False):
    provision: IpAddressProvisioningType
    ipFamilies: list[IPFamily]
    ipAddressIds: list[str]
    ipTags: list[IPTag]


class BatchStartTask(TypedDict, total=False):
    commandLine: Required[str]
    containerSettings: BatchTaskContainerSettings
    resourceFiles: list[ResourceFile]
    environmentSettings: list[EnvironmentSetting]
    userIdentity: UserIdentity
    maxTaskRetryCount: int
    waitForSuccess: bool


class BatchTaskConstraints(TypedDict, total=False):
    maxWallClockTime: Duration
    retentionTime: Duration
    maxTaskRetryCount: int


class BatchTaskContainerSettings(TypedDict, total=False):
    containerRunOptions: str
    imageName: Required[str]
    registry: ContainerRegistryReference
    workingDirectory: ContainerWorkingDirectory
    containerHostBatchBindMounts: list[ContainerHostBatchBindMountEntry]


class BatchTaskCreateOptions(TypedDict, total=False):
    id: Required[str]
    displayName: str
    exitConditions: ExitConditions
    commandLine: Required[str]
    containerSettings: BatchTaskContainerSettings
    resourceFiles: list[ResourceFile]
    outputFiles: list[OutputFile]
    environmentSettings: list[EnvironmentSetting]
    affinityInfo: BatchAffinityInfo
    constraints: BatchTaskConstraints
    requiredSlots: int
    userIdentity: UserIdentity
    multiInstanceSettings: MultiInstanceSettings
    dependsOn: BatchTaskDependencies
    applicationPackageReferences: list[BatchApplicationPackageReference]
    authenticationTokenSettings: dict[str, object]


class BatchTaskDependencies(TypedDict, total=False):
    taskIds: list[str]
    taskIdRanges: list[BatchTaskIdRange]


class BatchTaskIdRange(TypedDict, total=False):
    start: Required[int]
    end: Required[int]


class BatchTaskSchedulingPolicy(TypedDict, total=False):
    jobDefaultOrder: BatchJobDefaultOrder
    nodeFillType: Required[BatchNodeFillType]


class BatchUefiSettings(TypedDict, total=False):
    secureBootEnabled: bool
    vTpmEnabled: bool


class BatchVmDiskSecurityProfile(TypedDict, total=False):
    securityEncryptionType: SecurityEncryptionTypes


class BatchVmImageReference(TypedDict, total=False):
    publisher: str
    offer: str
    sku: str
    version: str
    virtualMachineImageId: str
    sharedGalleryImageId: str
    communityGalleryImageId: str


class CifsMountConfiguration(TypedDict, total=False):
    username: Required[str]
    source: Required[str]
    relativeMountPath: Required[str]
    mountOptions: str
    password: Required[str]


class ContainerHostBatchBindMountEntry(TypedDict, total=False):
    source: ContainerHostDataPath
    isReadOnly: bool


class ContainerRegistryReference(TypedDict, total=False):
    username: str
    password: str
    registryServer: str
    identityReference: BatchNodeIdentityReference


class DataDisk(TypedDict, total=False):
    lun: Required[int]
    caching: CachingType
    diskSizeGB: Required[int]
    managedDisk: ManagedDisk
    storageAccountType: StorageAccountType


class DiskCustomerManagedKey(TypedDict, total=False):
    identityReference: BatchPoolIdentityReference
    keyUrl: str
    rotationToLatestKeyVersionEnabled: bool


class DiskEncryptionConfiguration(TypedDict, total=False):
    customerManagedKey: DiskCustomerManagedKey
    targets: list[DiskEncryptionTarget]


class DiskEncryptionSetParameters(TypedDict, total=False):
    id: str


class EnvironmentSetting(TypedDict, total=False):
    name: Required[str]
    value: str


class ExitCodeMapping(TypedDict, total=False):
    code: Required[int]
    exitOptions: Required[ExitOptions]


class ExitCodeRangeMapping(TypedDict, total=False):
    start: Required[int]
    end: Required[int]
    exitOptions: Required[ExitOptions]


class ExitConditions(TypedDict, total=False):
    exitCodes: list[ExitCodeMapping]
    exitCodeRanges: list[ExitCodeRangeMapping]
    preProcessingError: ExitOptions
    fileUploadError: ExitOptions
    default: ExitOptions


class ExitOptions(TypedDict, total=False):
    jobAction: BatchJobActionKind
    dependencyAction: DependencyAction


class HostEndpointSettings(TypedDict, total=False):
    inVMAccessControlProfileReferenceId: str
    mode: HostEndpointSettingsModeTypes


class IPTag(TypedDict, total=False):
    ipTagType: str
    tag: str


class LinuxUserConfiguration(TypedDict, total=False):
    uid: int
    gid: int
    sshPrivateKey: str


class ManagedDisk(TypedDict, total=False):
    diskEncryptionSet: DiskEncryptionSetParameters
    storageAccountType: StorageAccountType
    securityProfile: BatchVmDiskSecurityProfile


class MountConfiguration(TypedDict, total=False):
    azureBlobFileSystemConfiguration: AzureBlobFileSystemConfiguration
    nfsMountConfiguration: NfsMountConfiguration
    cifsMountConfiguration: CifsMountConfiguration
    azureFileShareConfiguration: AzureFileShareConfiguration


class MultiInstanceSettings(TypedDict, total=False):
    numberOfInstances: int
    coordinationCommandLine: Required[str]
    commonResourceFiles: list[ResourceFile]


class NetworkConfiguration(TypedDict, total=False):
    subnetId: str
    dynamicVNetAssignmentScope: DynamicVNetAssignmentScope
    endpointConfiguration: BatchPoolEndpointConfiguration
    publicIPAddressConfiguration: BatchPublicIpAddressConfiguration
    enableAcceleratedNetworking: bool


class NetworkSecurityGroupRule(TypedDict, total=False):
    priority: Required[int]
    access: Required[NetworkSecurityGroupRuleAccess]
    sourceAddressPrefix: Required[str]
    sourcePortRanges: list[str]


class NfsMountConfiguration(TypedDict, total=False):
    source: Required[str]
    relativeMountPath: Required[str]
    mountOptions: str


class OutputFile(TypedDict, total=False):
    filePattern: Required[str]
    destination: Required[OutputFileDestination]
    uploadOptions: Required[OutputFileUploadConfiguration]


class OutputFileBlobContainerDestination(TypedDict, total=False):
    path: str
    containerUrl: Required[str]
    identityReference: BatchNodeIdentityReference
    uploadHeaders: list[OutputFileUploadHeader]


class OutputFileDestination(TypedDict, total=False):
    container: OutputFileBlobContainerDestination


class OutputFileUploadConfiguration(TypedDict, total=False):
    uploadCondition: Required[OutputFileUploadCondition]


class OutputFileUploadHeader(TypedDict, total=False):
    name: Required[str]
    value: str


class ProxyAgentSettings(TypedDict, total=False):
    enabled: bool
    imds: HostEndpointSettings
    wireServer: HostEndpointSettings


class ResourceFile(TypedDict, total=False):
    autoStorageContainerName: str
    storageContainerUrl: str
    httpUrl: str
    blobPrefix: str
    filePath: str
    fileMode: str
    identityReference: BatchNodeIdentityReference


class RollingUpgradePolicy(TypedDict, total=False):
    enableCrossZoneUpgrade: bool
    maxBatchInstancePercent: int
    maxUnhealthyInstancePercent: int
    maxUnhealthyUpgradedInstancePercent: int
    pauseTimeBetweenBatches: Duration
    prioritizeUnhealthyInstances: bool
    rollbackFailedInstancesOnPolicyBreach: bool


class SecurityProfile(TypedDict, total=False):
    encryptionAtHost: bool
    proxyAgentSettings: ProxyAgentSettings
    securityType: SecurityTypes
    uefiSettings: BatchUefiSettings


class ServiceArtifactReference(TypedDict, total=False):
    id: Required[str]


class UpgradePolicy(TypedDict, total=False):
    mode: Required[UpgradeMode]
    automaticOSUpgradePolicy: AutomaticOsUpgradePolicy
    rollingUpgradePolicy: RollingUpgradePolicy


class UploadBatchServiceLogsOptions(TypedDict, total=False):
    containerUrl: Required[str]
    startTime: Required[Timestamp]
    endTime: Timestamp
    identityReference: BatchNodeIdentityReference


class UserAccount(TypedDict, total=False):
    name: Required[str]
    password: Required[str]
    elevationLevel: ElevationLevel
    linuxUserConfiguration: LinuxUserConfiguration
    windowsUserConfiguration: WindowsUserConfiguration


class UserIdentity(TypedDict, total=False):
    username: str
    autoUser: AutoUserSpecification


class VMExtension(TypedDict, total=False):
    name: Required[str]
    publisher: Required[str]
    type: Required[str]
    typeHandlerVersion: str
    autoUpgradeMinorVersion: bool
    enableAutomaticUpgrade: bool
    settings: dict[str, str]
    protectedSettings: dict[str, str]
    provisionAfterExtensions: list[str]


class VirtualMachineConfiguration(TypedDict, total=False):
    imageReference: Required[BatchVmImageReference]
    nodeAgentSKUId: Required[str]
    windowsConfiguration: WindowsConfiguration
    dataDisks: list[DataDisk]
    licenseType: str
    containerConfiguration: BatchContainerConfiguration
    diskEncryptionConfiguration: DiskEncryptionConfiguration
    nodePlacementConfiguration: BatchNodePlacementConfiguration
    extensions: list[VMExtension]
    osDisk: BatchOsDisk
    securityProfile: SecurityProfile
    serviceArtifactReference: ServiceArtifactReference


class WindowsConfiguration(TypedDict, total=False):
    enableAutomaticUpdates: bool


class WindowsUserConfiguration(TypedDict, total=False):
    loginMode: LoginMode
