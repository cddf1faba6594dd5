"""pydock: legacy Dockerfiles of Python services, found out, rewritten and proved."""

DOCUMENTATION = "https://pydock-fix.readthedocs.io/en/stable"
__version__ = "0.1.0"
