"""Package managers of the system."""
