"""Files of a running service: what it writes, who has to own it, and what must not be shown."""
