"""Promises of the walk."""
