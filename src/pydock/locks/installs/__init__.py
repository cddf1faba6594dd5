"""Installs of Python packages as commands: what each asks for, from where, and in which file."""
