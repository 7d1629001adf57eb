"""Files to clips."""

from datamodules.audio import UnusableAudio, read_audio, read_clip
from datamodules.clip_data_module import ClipDataModule
from datamodules.clip_index import Source
from datamodules.nsynth import NSynth
from datamodules.pitch import NoPitch, Pitch, PitchTracker, SwiftF0
from datamodules.recordings import Recordings
from datamodules.synth1b1 import Synth1B1
from datamodules.yin import Yin

TRACKERS: tuple[type[PitchTracker], ...] = (Yin, SwiftF0)
"""Every pitch tracker, the default first."""

__all__ = [
    "TRACKERS",
    "ClipDataModule",
    "NSynth",
    "NoPitch",
    "Pitch",
    "PitchTracker",
    "Recordings",
    "Source",
    "SwiftF0",
    "Synth1B1",
    "UnusableAudio",
    "Yin",
    "read_audio",
    "read_clip",
]
