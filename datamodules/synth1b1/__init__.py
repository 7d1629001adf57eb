"""Synth1B1: a billion sounds of a synthesiser whose parameters are known."""

from datamodules.synth1b1.notes import CleanNote
from datamodules.synth1b1.synth1b1 import Synth1B1

__all__ = ["CleanNote", "Synth1B1"]
