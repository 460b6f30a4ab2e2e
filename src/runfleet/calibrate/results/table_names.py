"""The tables that are made of what a manager has left."""

TABLES = (
    "parameters",
    "residuals",
    "phi",
    "sensitivities",
    "parameter_history",
    "realizations",
)
"""What their files are called, without endings."""

ENDINGS = (".csv", ".parquet")
