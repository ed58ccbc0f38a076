"""The types of expressions, as far as annotations and assignments tell them for sure."""
