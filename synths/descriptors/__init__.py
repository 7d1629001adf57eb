"""Timbre descriptors: each measures one perceptual quality from audio, batched and differentiable."""

from typing import TYPE_CHECKING

from synths.lazy_exports import exports_of

if TYPE_CHECKING:
    from synths.descriptors.audio_commons import (
        AudioCommonsRoughness,
        AudioCommonsSharpness,
        Booming,
        Brightness,
        Depth,
        Hardness,
        Warmth,
    )
    from synths.descriptors.descriptor import (
        Descriptor,
        HarmonicDescriptor,
        SpectralDescriptor,
        measure_all,
        measure_all_layers,
    )
    from synths.descriptors.fundamental_share import FundamentalShare
    from synths.descriptors.level import Level
    from synths.descriptors.log_attack_time import LogAttackTime
    from synths.descriptors.loudness import Loudness
    from synths.descriptors.noisiness import Noisiness
    from synths.descriptors.odd_even_balance import OddEvenBalance
    from synths.descriptors.roughness import Roughness
    from synths.descriptors.sharpness import Sharpness
    from synths.descriptors.sounding import sounding_frames, sounding_mean
    from synths.descriptors.spectral_centroid import SpectralCentroid
    from synths.descriptors.spectral_flatness import SpectralFlatness
    from synths.descriptors.spectral_flux import SpectralFlux
    from synths.descriptors.spectral_rolloff import SpectralRolloff
    from synths.descriptors.spectral_spread import SpectralSpread
    from synths.descriptors.sustain import Sustain
    from synths.descriptors.temporal_centroid import TemporalCentroid

__all__ = [
    "AudioCommonsRoughness",
    "AudioCommonsSharpness",
    "Booming",
    "Brightness",
    "Depth",
    "Descriptor",
    "FundamentalShare",
    "Hardness",
    "HarmonicDescriptor",
    "Level",
    "LogAttackTime",
    "Loudness",
    "Noisiness",
    "OddEvenBalance",
    "Roughness",
    "Sharpness",
    "SpectralCentroid",
    "SpectralDescriptor",
    "SpectralFlatness",
    "SpectralFlux",
    "SpectralRolloff",
    "SpectralSpread",
    "Sustain",
    "TemporalCentroid",
    "Warmth",
    "measure_all",
    "measure_all_layers",
    "sounding_frames",
    "sounding_mean",
]

__getattr__ = exports_of(__name__)
