"""The words of the Batch service and the rules of their states: plain data, no I/O."""
