"""How far a calibration is: read from what its manager and workers write while they run."""
