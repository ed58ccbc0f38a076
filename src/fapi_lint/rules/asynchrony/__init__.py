"""Rules about async code and database sessions."""
