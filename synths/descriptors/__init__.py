"""Timbre descriptors: each measures one perceptual quality from audio, batched and differentiable."""

from synths.descriptors.brightness import Brightness
from synths.descriptors.descriptor import Descriptor, SpectralDescriptor, measure_all
from synths.descriptors.loudness import Loudness, sounding_frames
from synths.descriptors.noisiness import Noisiness
from synths.descriptors.temporal_centroid import TemporalCentroid

__all__ = [
    "Brightness",
    "Descriptor",
    "Loudness",
    "Noisiness",
    "SpectralDescriptor",
    "TemporalCentroid",
    "measure_all",
    "sounding_frames",
]
