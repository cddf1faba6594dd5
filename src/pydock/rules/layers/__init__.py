"""PYD3xx: layers, caches and the build context."""
