"""Measure the speed of the service next to a bare floor in the same run.

`python -m benchmarks` creates its own database, fills it, measures, and removes everything again.
`docs/benchmarks.md` says how to read the table.
"""
