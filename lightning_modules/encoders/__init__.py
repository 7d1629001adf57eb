"""Encoders: audio to controls and residual. The families differ here and nowhere else."""

from lightning_modules.encoders.descriptor import DescriptorEncoder
from lightning_modules.encoders.encoder import Encoder, Encoding, Term

__all__ = ["DescriptorEncoder", "Encoder", "Encoding", "Term"]
