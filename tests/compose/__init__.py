"""Compose files: what services they make together."""
