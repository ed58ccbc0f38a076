"""Rules about names and structure."""
