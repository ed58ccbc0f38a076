"""The console script, and `python -m fapi_lint`: nothing is imported before an interrupt of it ends quietly."""

import os
import sys


def script() -> None:
    """The command line as a process of its own; importing it takes half a second, in which it may be interrupted."""
    try:
        from fapi_lint.cli import script as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        os._exit(130)


if __name__ == "__main__":
    # With `-m` the working folder comes first, and a `logging.py` in it would be taken for the library's.
    if sys.path[0] in ("", os.getcwd()):
        del sys.path[0]
    script()
