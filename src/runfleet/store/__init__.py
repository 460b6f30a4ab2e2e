"""What the emulator remembers: one SQLite file, written in groups, safe against being killed."""

from runfleet.store.damage import damage_of, telling_damage
from runfleet.store.database import Store
from runfleet.store.errors import StoreError
from runfleet.store.tasks import StoredTask, TaskTable

__all__ = ["Store", "StoreError", "StoredTask", "TaskTable", "damage_of", "telling_damage"]
