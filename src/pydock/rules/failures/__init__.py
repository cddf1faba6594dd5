"""PYD6xx: what fails already, before anything is changed."""
