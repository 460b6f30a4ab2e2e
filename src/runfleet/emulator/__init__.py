"""The Batch service on this machine: HTTP outside, the scheduler and its node agent inside."""
