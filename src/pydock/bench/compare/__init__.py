"""Two images, aspect by aspect."""
