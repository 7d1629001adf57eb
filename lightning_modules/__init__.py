"""Clips to learning: the training loop, encoders, decoder, losses, metrics and the command line."""
