"""
Which task runs where and when: events and the time in, commands out, no I/O.

`State` is what is decided from.  What clients ask is in the modules whose names end in `_requests`;
what nodes and the clock report in `reports` and `losses`; going on after a restart in `restore`.
Each of their functions changes the state and returns the commands that follow.
"""
