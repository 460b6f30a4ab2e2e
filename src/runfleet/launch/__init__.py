"""Takes a study to an account and back: stage, submit, watch, resume, collect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runfleet.late_names import late_names

if TYPE_CHECKING:
    from runfleet.launch.accounts.account import Account, StudySummary
    from runfleet.launch.accounts.connecting import connect
    from runfleet.launch.by_hand.job_files import JobFiles
    from runfleet.launch.by_hand.job_summaries import JobSummary, summarise_jobs
    from runfleet.launch.by_hand.single_task import SingleTask
    from runfleet.launch.by_hand.task_files import TaskFiles, fetch_task_files
    from runfleet.launch.collecting import Collected
    from runfleet.launch.deletion import Belongings
    from runfleet.launch.errors import (
        AccountError,
        LaunchError,
        NameTakenError,
        NotAStudyError,
        OtherAccountError,
        RecordDamagedError,
        RunNotFoundError,
        RunSupersededError,
        StudyFileNeededError,
        StudyNotFoundError,
        StudySupersededError,
        SubmittedElsewhereError,
    )
    from runfleet.launch.explanation import Explanation
    from runfleet.launch.failures import FailedRun, FailureGroup, FailureKind
    from runfleet.launch.plan import Plan
    from runfleet.launch.pool import PoolPlan
    from runfleet.launch.progress import Progress, RunCounts
    from runfleet.launch.run_logs import LogStream
    from runfleet.launch.steps import OnStep, Step, StepName
    from runfleet.launch.submission import Submission

__all__ = [
    "Account",
    "AccountError",
    "Belongings",
    "Collected",
    "Explanation",
    "FailedRun",
    "FailureGroup",
    "FailureKind",
    "JobFiles",
    "JobSummary",
    "LaunchError",
    "LogStream",
    "NameTakenError",
    "NotAStudyError",
    "OnStep",
    "OtherAccountError",
    "Plan",
    "PoolPlan",
    "Progress",
    "RecordDamagedError",
    "RunCounts",
    "RunNotFoundError",
    "RunSupersededError",
    "SingleTask",
    "Step",
    "StepName",
    "StudyFileNeededError",
    "StudyNotFoundError",
    "StudySummary",
    "StudySupersededError",
    "Submission",
    "SubmittedElsewhereError",
    "TaskFiles",
    "connect",
    "fetch_task_files",
    "summarise_jobs",
]

# Loaded when asked for: an emulator is told to start before all of it is imported.
__getattr__, __dir__ = late_names(
    __name__,
    {
        ".accounts.account": ["Account", "StudySummary"],
        ".accounts.connecting": ["connect"],
        ".by_hand.job_files": ["JobFiles"],
        ".by_hand.job_summaries": ["JobSummary", "summarise_jobs"],
        ".by_hand.single_task": ["SingleTask"],
        ".by_hand.task_files": ["TaskFiles", "fetch_task_files"],
        ".collecting": ["Collected"],
        ".deletion": ["Belongings"],
        ".errors": [
            "AccountError",
            "LaunchError",
            "NameTakenError",
            "NotAStudyError",
            "OtherAccountError",
            "RecordDamagedError",
            "RunNotFoundError",
            "RunSupersededError",
            "StudyFileNeededError",
            "StudyNotFoundError",
            "StudySupersededError",
            "SubmittedElsewhereError",
        ],
        ".explanation": ["Explanation"],
        ".failures": ["FailedRun", "FailureGroup", "FailureKind"],
        ".plan": ["Plan"],
        ".pool": ["PoolPlan"],
        ".progress": ["Progress", "RunCounts"],
        ".steps": ["OnStep", "Step", "StepName"],
        ".run_logs": ["LogStream"],
        ".submission": ["Submission"],
    },
)
