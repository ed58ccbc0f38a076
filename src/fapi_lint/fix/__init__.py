"""Fixes: edits, symbolic imports, builders, the planner and the atomic writer."""
