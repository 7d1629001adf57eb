"""Sound and numbers: the clip format, signal functions, synthesiser parts and timbre descriptors."""

from synths.clip import Clip, ClipFormat, Recipe
from synths.descriptors import (
    AudioCommonsRoughness,
    AudioCommonsSharpness,
    Booming,
    Brightness,
    Depth,
    Descriptor,
    FundamentalShare,
    Hardness,
    HarmonicDescriptor,
    Level,
    LogAttackTime,
    Loudness,
    Noisiness,
    OddEvenBalance,
    Roughness,
    Sharpness,
    SpectralCentroid,
    SpectralDescriptor,
    SpectralFlatness,
    SpectralFlux,
    SpectralRolloff,
    SpectralSpread,
    Sustain,
    TemporalCentroid,
    Warmth,
    measure_all,
    measure_all_layers,
    sounding_frames,
)
from synths.effect import Effect
from synths.harmonics import Harmonics
from synths.layers import Layers
from synths.noise import FilteredNoise
from synths.part import Part
from synths.reverb import Reverb
from synths.sms import SMSSynth
from synths.spectrum import Spectrum

__all__ = [
    "AudioCommonsRoughness",
    "AudioCommonsSharpness",
    "Booming",
    "Brightness",
    "Clip",
    "ClipFormat",
    "Depth",
    "Descriptor",
    "Effect",
    "FilteredNoise",
    "FundamentalShare",
    "Hardness",
    "HarmonicDescriptor",
    "Harmonics",
    "Layers",
    "Level",
    "LogAttackTime",
    "Loudness",
    "Noisiness",
    "OddEvenBalance",
    "Part",
    "Recipe",
    "Reverb",
    "Roughness",
    "SMSSynth",
    "Sharpness",
    "SpectralCentroid",
    "SpectralDescriptor",
    "SpectralFlatness",
    "SpectralFlux",
    "SpectralRolloff",
    "SpectralSpread",
    "Spectrum",
    "Sustain",
    "TemporalCentroid",
    "Warmth",
    "measure_all",
    "measure_all_layers",
    "sounding_frames",
]
