"""The Python that a service runs on, and what another one would change."""
