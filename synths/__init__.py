"""Sound and numbers: the clip format, signal functions, synthesiser parts and timbre descriptors."""

from synths.clip import Clip, ClipFormat, Recipe
from synths.descriptors import (
    Brightness,
    Descriptor,
    Loudness,
    Noisiness,
    SpectralDescriptor,
    TemporalCentroid,
    measure_all,
    sounding_frames,
)
from synths.harmonics import Harmonics
from synths.noise import FilteredNoise
from synths.part import Part
from synths.reverb import Reverb
from synths.sms import SMSSynth
from synths.spectrum import Spectrum

__all__ = [
    "Brightness",
    "Clip",
    "ClipFormat",
    "Descriptor",
    "FilteredNoise",
    "Harmonics",
    "Loudness",
    "Noisiness",
    "Part",
    "Recipe",
    "Reverb",
    "SMSSynth",
    "SpectralDescriptor",
    "Spectrum",
    "TemporalCentroid",
    "measure_all",
    "sounding_frames",
]
