"""The synth block by block, with explicit state: what an instrument plays and what ONNX takes."""

from synths.streaming.harmonics import StreamingHarmonics
from synths.streaming.noise import StreamingNoise
from synths.streaming.part import State, StreamingEffect, StreamingPart
from synths.streaming.reverb import StreamingReverb
from synths.streaming.sms import StreamingSynth

__all__ = [
    "State",
    "StreamingEffect",
    "StreamingHarmonics",
    "StreamingNoise",
    "StreamingPart",
    "StreamingReverb",
    "StreamingSynth",
]
