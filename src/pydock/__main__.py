"""`python -m pydock`, and where the program `pydock` begins."""

import os
import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    # -m puts the current folder first, and that may be a stranger's project with a typer.py of its own.
    del sys.path[0]
# So does an empty or relative entry of PYTHONPATH, as `PYTHONPATH=$PYTHONPATH:/more` has where it was not set.
for _entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if "PYTHONPATH" in os.environ else ():
    if not os.path.isabs(_entry) and os.path.abspath(_entry) in sys.path:
        sys.path.remove(os.path.abspath(_entry))

import gc

from pydock import cli


def main() -> None:
    """Run the command line, and end the process with it."""
    try:
        cli.main()
    finally:
        # All is let go at once: to look before for what could be takes a tenth of a short run.
        gc.freeze()


if __name__ == "__main__":
    main()
