"""What a split is decided from: which steps go where, what each stage installs, where the environment lies."""
