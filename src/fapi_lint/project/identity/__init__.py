"""Keys, and everything in the application that holds their values."""
