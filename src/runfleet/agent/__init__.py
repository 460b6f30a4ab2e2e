"""The node agent: stages files, starts, watches and stops processes, uploads what they wrote."""
