"""PYD1xx: base images and stages."""
