"""The rules: one file per rule, in families that mirror the preferences. Nothing here imports LibCST or prints."""
