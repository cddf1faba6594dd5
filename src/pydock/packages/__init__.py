"""What installs ask for, whoever says it: requirements files, projects of every backend, locks, archives."""
