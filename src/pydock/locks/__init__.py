"""What installs ask for, what answers it, and the locks that hold the answers."""
