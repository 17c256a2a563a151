"""How fast the service is, beside a bare floor that is measured in the same run.

`python -m benchmarks` makes a database of its own, fills it, measures and takes everything away
again. `docs/benchmarks.md` says how to read the table.
"""
