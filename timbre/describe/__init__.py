"""`timbre describe`: the qualities of recordings in numbers and pictures."""
