"""What runs in the image: servers, applications, routes, ports, health, and what they ask of the image."""
