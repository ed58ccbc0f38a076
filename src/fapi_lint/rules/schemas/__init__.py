"""Rules about Pydantic schemas."""
