"""Programs that fetch from the network."""
