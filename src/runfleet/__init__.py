"""Run models once, by the thousand or under calibration, here first and on Azure Batch unchanged."""
