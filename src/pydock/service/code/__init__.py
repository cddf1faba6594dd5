"""The application's own Python source: what is made, served and called in it."""
