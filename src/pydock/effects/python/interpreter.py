"""python: programs in text, modules, scripts."""
