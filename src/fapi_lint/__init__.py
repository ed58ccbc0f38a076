"""fapi-lint: make a FastAPI code base follow one team's conventions, and keep it there."""

__version__ = "0.1.0"
