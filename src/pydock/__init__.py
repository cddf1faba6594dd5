"""pydock: legacy Dockerfiles of Python services, found out, rewritten and proved."""

__version__ = "0.1.0"
