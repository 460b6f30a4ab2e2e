"""The management plane of the account: its keys, and application packages."""
