"""Projects that nobody vouches for, on a machine that holds credentials."""
