"""The work that waits in rows for a worker: checks, upkeep, syncs. Services ask for it."""
