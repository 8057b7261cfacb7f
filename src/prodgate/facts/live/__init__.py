"""Facts of an AWS account: one module per kind; importing them registers their observers."""

from ..observers import import_all
from .airflow import AirflowEnvironment, AirflowFiles, CollectedData, DagFigures, TaskFigures
from .alarms import (
    AirflowNotices,
    Alarm,
    AlarmTopic,
    FindingSource,
    WatchedAirflow,
    WatchedBalancer,
    WatchedDatabase,
    WatchedDeadLetters,
    WatchedService,
    WatchedTargetGroup,
)
from .costs import Budget
from .databases import (
    BackupPlan,
    BackupVault,
    Database,
    DatabaseBackups,
    DatabaseInstance,
    DatabaseSnapshot,
    Deletable,
    RestoreTest,
)
from .declared import DeclaredResource, TaggedResource
from .distributions import BucketOrigin, CacheBehaviour, CertificateInUse, Distribution, SiteName, WebAcl, WebAclRule
from .ecs_services import (
    DeployedImage,
    Handed,
    ImageRepository,
    Placement,
    RunningService,
    Service,
    ServiceDeployment,
    TargetGroup,
)
from .keys import Key
from .load_balancers import Listener
from .log_groups import ComponentLog, LoggedText, LogGroup
from .permissions import OutsideAccess
from .queues import DeadLetterQueue, WorkQueue
from .security_services import SecurityHub, ThreatDetection
from .stores import AccountBuckets, Bucket, Secret, Store
from .traffic import BalancerTraffic, CacheInSurge, CanaryVisits, ServiceInSurge, WorkerUse
from .views import Canary, Dashboard, ShownComponent, TracedService
from .vpcs import Entrance, FrontDoor, NetworkRecord, SecurityGroup, ServerOrigin

__all__ = [
    "AccountBuckets", "AirflowEnvironment", "AirflowFiles", "AirflowNotices", "Alarm", "AlarmTopic", "BackupPlan",
    "BackupVault", "BalancerTraffic", "Bucket", "BucketOrigin", "Budget", "CacheBehaviour", "CacheInSurge", "Canary",
    "CanaryVisits", "CertificateInUse", "CollectedData", "ComponentLog", "DagFigures", "Dashboard", "Database",
    "DatabaseBackups", "DatabaseInstance", "DatabaseSnapshot", "DeadLetterQueue", "DeclaredResource", "Deletable",
    "DeployedImage", "Distribution", "Entrance", "FindingSource", "FrontDoor", "Handed", "ImageRepository", "Key",
    "Listener", "LogGroup", "LoggedText", "NetworkRecord", "OutsideAccess", "Placement", "RestoreTest",
    "RunningService", "Secret", "SecurityGroup", "SecurityHub", "ServerOrigin", "Service", "ServiceDeployment",
    "ServiceInSurge", "ShownComponent", "SiteName", "Store", "TaggedResource", "TargetGroup", "TaskFigures",
    "ThreatDetection", "TracedService", "WatchedAirflow", "WatchedBalancer", "WatchedDatabase", "WatchedDeadLetters",
    "WatchedService", "WatchedTargetGroup", "WebAcl", "WebAclRule", "WorkQueue", "WorkerUse",
]  # fmt: skip

import_all(__name__)
