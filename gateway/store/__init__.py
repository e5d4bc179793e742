"""What a home keeps in a database: steps of platforms, the declarations that they name, counts of what was rejected.

SQLite in the home, or PostgreSQL by a setting. The tables are made and changed by migrations alone.
"""

from gateway.store.opening import Store, StoreError, Taken

__all__ = ["Store", "StoreError", "Taken"]
