"""Rules about the check itself: files that do not parse, suppressions that suppress nothing."""
