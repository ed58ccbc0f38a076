"""The language server: what `check` says of the open files, while they are edited."""
