"""Source text: files, encodings, lines, the walk over folders, suppression comments."""
