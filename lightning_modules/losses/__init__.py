"""Losses."""

from lightning_modules.losses.multi_resolution import MultiResolution

__all__ = ["MultiResolution"]
