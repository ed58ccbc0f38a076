"""Rules about exceptions and their handlers."""
