"""Running the rules: registry, loading, cache and worker pool, suppression, the fix loop."""
