"""How well a model transforms one sound into another that belongs to it."""
