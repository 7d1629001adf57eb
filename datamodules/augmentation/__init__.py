"""Sounds changed while training, against timbres that a data set lacks."""

from datamodules.augmentation.augmentation import Augmentation
from datamodules.augmentation.augmenter import Augmenter
from datamodules.augmentation.distortion import SoftDistortion
from datamodules.augmentation.draws import Draws
from datamodules.augmentation.filters import HighPass, HighShelf, LowPass, LowShelf, SpectralTilt
from datamodules.augmentation.level import Level
from datamodules.augmentation.noise import AddedNoise
from datamodules.augmentation.pitch_shift import PitchShift
from datamodules.augmentation.room import Room

AUGMENTATIONS: tuple[type[Augmentation], ...] = (
    PitchShift,
    SoftDistortion,
    SpectralTilt,
    LowShelf,
    HighShelf,
    LowPass,
    HighPass,
    AddedNoise,
    Room,
    Level,
)
"""Every augmentation, in the order in which a sound would meet them."""

__all__ = [
    "AUGMENTATIONS",
    "AddedNoise",
    "Augmentation",
    "Augmenter",
    "Draws",
    "HighPass",
    "HighShelf",
    "Level",
    "LowPass",
    "LowShelf",
    "PitchShift",
    "Room",
    "SoftDistortion",
    "SpectralTilt",
]
