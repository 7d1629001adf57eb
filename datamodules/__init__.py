"""Files to clips."""

from datamodules.amp_space import AmpSpace
from datamodules.augmentation import Augmentation, Augmenter
from datamodules.clip_data_module import ClipDataModule
from datamodules.nsynth import NSynth
from datamodules.preparation import Slice
from datamodules.recordings import Recordings
from datamodules.source import FileSound, Heard, Sound, Source
from datamodules.synth1b1 import CleanNote, Synth1B1
from sounds.audio import UnusableAudio, read_audio, read_clip
from sounds.pitch import NoPitch, Pitch, PitchTracker, SwiftF0
from sounds.trackers import TRACKERS
from sounds.yin import Yin
from sounds.yin_strings import YinStrings

__all__ = [
    "TRACKERS",
    "AmpSpace",
    "Augmentation",
    "Augmenter",
    "CleanNote",
    "ClipDataModule",
    "FileSound",
    "Heard",
    "NSynth",
    "NoPitch",
    "Pitch",
    "PitchTracker",
    "Recordings",
    "Slice",
    "Sound",
    "Source",
    "SwiftF0",
    "Synth1B1",
    "UnusableAudio",
    "Yin",
    "YinStrings",
    "read_audio",
    "read_clip",
]
