"""`python -m fapi_lint` is the console script."""

from fapi_lint.cli import main

if __name__ == "__main__":
    main()
