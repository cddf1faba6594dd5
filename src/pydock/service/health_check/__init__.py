"""Health checks: what a check may ask, how long a start takes, and how both are written."""
