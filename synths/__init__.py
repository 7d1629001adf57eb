"""Sound and numbers: the clip format, signal functions, synthesiser parts and timbre descriptors."""

from typing import TYPE_CHECKING

from synths import descriptors
from synths.lazy_exports import exports_of

if TYPE_CHECKING:
    from synths.clip import Clip, ClipFormat, Recipe
    from synths.descriptors import *  # noqa: F403 (what is exported there is exported here)
    from synths.effect import Effect
    from synths.harmonics import Harmonics
    from synths.layers import Layers
    from synths.noise import FilteredNoise
    from synths.part import Part
    from synths.reverb import Reverb
    from synths.sms import SMSSynth
    from synths.spectrum import Spectrum
    from synths.strings import Strings

__all__ = [
    "Clip",
    "ClipFormat",
    "Effect",
    "FilteredNoise",
    "Harmonics",
    "Layers",
    "Part",
    "Recipe",
    "Reverb",
    "SMSSynth",
    "Spectrum",
    "Strings",
]
__all__ += descriptors.__all__

__getattr__ = exports_of(__name__)
