"""Effects of Python's own tools: interpreters, environments, installers, managers and build backends."""
