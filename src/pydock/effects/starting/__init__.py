"""Programs that start others: shells, wrappers, and keepers of services."""
