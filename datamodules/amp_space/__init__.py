"""Amp-Space: pairs of a clean sound and what a device made of it."""

from datamodules.amp_space.amp_space import AmpSpace

__all__ = ["AmpSpace"]
