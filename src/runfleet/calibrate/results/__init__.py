"""What a calibration has found: tables and plots of the files that its manager has left."""
