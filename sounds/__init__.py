"""Sound files as they come from the world: read, centred, mixed, and the pitch that they sound."""
