"""Files of a running service: what it writes, what the host mounts over it, and what must not be shown."""
