"""Both versions built for real: how large, how fast, and whether the service is the same."""
