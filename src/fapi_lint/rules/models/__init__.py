"""Rules about SQLAlchemy models."""
