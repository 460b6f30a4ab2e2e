"""The accounts that studies run on: their names, their keys, and the way to their services."""
