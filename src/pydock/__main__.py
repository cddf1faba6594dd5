"""`python -m pydock`."""

import sys

if not sys.flags.safe_path:
    # -m puts the current folder first, and that may be a stranger's project with a typer.py of its own.
    del sys.path[0]

from pydock.cli import main

main()
