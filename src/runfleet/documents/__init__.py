"""YAML files that users write: read with their lines, and checked against forms."""
