"""What is known about an image and a container of it."""
