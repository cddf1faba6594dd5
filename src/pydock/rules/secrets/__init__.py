"""PYD5xx: secrets and the supply chain."""
