"""Programs that make, copy, change, remove and read files."""
