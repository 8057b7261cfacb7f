"""What was observed of an AWS account: one module per kind of fact; importing them registers their observers."""

from ..observers import import_all
from .airflow import AirflowEnvironment
from .airflow_figures import DagFigures, TaskFigures
from .airflow_files import AirflowFiles
from .backups import BackupPlan, BackupVault
from .buckets import AccountBuckets, Bucket
from .canaries import Canary
from .certificates import CertificateInUse
from .collected_data import CollectedData
from .component_logs import ComponentLog
from .costs import Budget
from .database_backups import DatabaseBackups, RestoreTest
from .databases import Database, DatabaseInstance, DatabaseSnapshot
from .deletion import Deletable
from .deployments import ServiceDeployment, TargetGroup
from .distributions import BucketOrigin, CacheBehaviour, Distribution
from .drift.declared import DeclaredResource, TaggedResource
from .images import DeployedImage, ImageRepository
from .ingress import Entrance
from .keys import Key
from .listeners import Listener
from .log_groups import LoggedText, LogGroup
from .origin_bypass import FrontDoor
from .origins import ServerOrigin
from .outside_access import OutsideAccess
from .placements import Placement
from .plain_text import Handed
from .queues import DeadLetterQueue, WorkQueue
from .running_services import RunningService
from .secrets import Secret
from .security_groups import SecurityGroup
from .security_services import SecurityHub, ThreatDetection
from .services import Service
from .site_names import SiteName
from .stores import Store
from .surges import CacheInSurge, ServiceInSurge, WorkerUse
from .traces import TracedService
from .traffic import BalancerTraffic, CanaryVisits
from .vpcs import NetworkRecord
from .watching.alarm_coverage import (
    WatchedAirflow,
    WatchedBalancer,
    WatchedDatabase,
    WatchedDeadLetters,
    WatchedService,
    WatchedTargetGroup,
)
from .watching.alarm_topics import AlarmTopic
from .watching.alarms import Alarm
from .watching.dashboards import Dashboard, ShownComponent
from .watching.notifications import AirflowNotices, FindingSource
from .web_acls import WebAcl, WebAclRule

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
