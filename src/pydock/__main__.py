"""`python -m pydock`."""

from pydock.cli import main

main()
