"""Calibration with PEST: control files, managers and workers, progress, results."""

from runfleet.calibrate.calibration import Calibration
from runfleet.calibrate.checks import check_files
from runfleet.calibrate.control_files.control import Control
from runfleet.calibrate.control_files.problems import ControlError, Problem
from runfleet.calibrate.errors import CalibrationError, ManagerError, WorkerError
from runfleet.calibrate.progress.progress import Progress as PestProgress
from runfleet.calibrate.restart import Restart
from runfleet.calibrate.states import CalibrationProgress, CalibrationState, WorkerCounts

__all__ = [
    "Calibration",
    "CalibrationError",
    "CalibrationProgress",
    "CalibrationState",
    "Control",
    "ControlError",
    "ManagerError",
    "PestProgress",
    "Problem",
    "Restart",
    "WorkerCounts",
    "WorkerError",
    "check_files",
]
