"""Clips to learning: the training loop, encoders, decoder, losses, metrics and the command line."""

from lightning_modules.autoencoder import Rendering, TimbreAutoencoder
from lightning_modules.decoder import Decoder

__all__ = ["Decoder", "Rendering", "TimbreAutoencoder"]
