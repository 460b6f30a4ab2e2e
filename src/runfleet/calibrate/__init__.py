"""Calibration with PEST: control files, managers and workers, progress, results."""
