"""Compilers, build tools, and package managers of other languages."""
