"""Another user than root for the service: what it needs, what has to belong to it, and how early it is given."""
