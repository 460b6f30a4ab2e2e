"""The REST API of Azure Batch: its JSON, errors, headers, paths, filters and signatures; no I/O."""
