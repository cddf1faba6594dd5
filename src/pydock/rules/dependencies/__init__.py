"""PYD2xx: what is installed for Python, and how it is pinned."""
