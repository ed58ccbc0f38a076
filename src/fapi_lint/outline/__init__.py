"""One file's facts: LibCST reads it once, what stays is small, serialisable and has spans."""
