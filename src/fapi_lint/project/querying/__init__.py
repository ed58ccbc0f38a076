"""Queries of the legacy interface, from `session.query(…)` to where they run."""
