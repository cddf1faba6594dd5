"""What a base image is and has: tags, Debian releases, packages, programs and libraries."""
