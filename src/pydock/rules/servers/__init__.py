"""PYD4xx: servers, their ports, health and signals."""
