"""Mapped objects on their way through the application, and what is read of them."""
