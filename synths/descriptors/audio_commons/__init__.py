"""Ratings of timbre as the AudioCommons project modelled them (Pearce et al. 2019, deliverable D5.8)."""

from synths.descriptors.audio_commons.booming import Booming
from synths.descriptors.audio_commons.brightness import Brightness
from synths.descriptors.audio_commons.depth import Depth
from synths.descriptors.audio_commons.hardness import Hardness
from synths.descriptors.audio_commons.roughness import AudioCommonsRoughness
from synths.descriptors.audio_commons.sharpness import AudioCommonsSharpness
from synths.descriptors.audio_commons.warmth import Warmth

__all__ = ["AudioCommonsRoughness", "AudioCommonsSharpness", "Booming", "Brightness", "Depth", "Hardness", "Warmth"]
