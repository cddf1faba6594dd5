"""Packages of the distribution: what a file installs of them, and where instructions about the system belong."""
