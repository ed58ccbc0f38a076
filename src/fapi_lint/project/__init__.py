"""The application as one thing: outlines linked into modules, classes, models, schemas, routes, sessions."""
