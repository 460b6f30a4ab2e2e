"""Takes a study to an account and back: stage, submit, watch, resume, collect."""

from runfleet.launch.account import Account, StudySummary, connect
from runfleet.launch.collecting import Collected
from runfleet.launch.errors import (
    AccountError,
    LaunchError,
    RunNotFoundError,
    StudyFileNeededError,
    StudyNotFoundError,
)
from runfleet.launch.explanation import Explanation
from runfleet.launch.failures import FailedRun, FailureGroup, FailureKind
from runfleet.launch.plan import Plan
from runfleet.launch.pool import PoolPlan
from runfleet.launch.progress import Progress, RunCounts
from runfleet.launch.steps import OnStep, Step, StepName
from runfleet.launch.submission import LogStream, Submission

__all__ = [
    "Account",
    "AccountError",
    "Collected",
    "Explanation",
    "FailedRun",
    "FailureGroup",
    "FailureKind",
    "LaunchError",
    "LogStream",
    "OnStep",
    "Plan",
    "PoolPlan",
    "Progress",
    "RunCounts",
    "RunNotFoundError",
    "Step",
    "StepName",
    "StudyFileNeededError",
    "StudyNotFoundError",
    "StudySummary",
    "Submission",
    "connect",
]
