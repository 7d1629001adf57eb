"""Losses."""

from lightning_modules.losses.adversarial import AdversarialLoss
from lightning_modules.losses.auraloss_multi_resolution import AuralossMultiResolution
from lightning_modules.losses.line_levels import LineLevels
from lightning_modules.losses.multi_resolution import MultiResolution

__all__ = ["AdversarialLoss", "AuralossMultiResolution", "LineLevels", "MultiResolution"]
