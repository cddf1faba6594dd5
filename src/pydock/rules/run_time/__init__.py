"""PYD4xx: the process that runs in the container, and as whom."""
