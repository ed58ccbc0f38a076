"""`python -m fapi_lint` is the console script."""

import os
import sys

# With `-m` the working folder comes first, and a `logging.py` in it would be taken for the library's.
if sys.path[0] in ("", os.getcwd()):
    del sys.path[0]

from fapi_lint.cli import script

if __name__ == "__main__":
    script()
