"""Configuration: what it may say, where it is found, and the versions that a project allows."""
