"""The synth block by block, with explicit state: what an instrument plays and what ONNX takes."""

from synths.streaming.gate import Gate
from synths.streaming.harmonics import StreamingHarmonics
from synths.streaming.held import Held
from synths.streaming.noise import StreamingNoise
from synths.streaming.part import (
    LOUDEST,
    STATE_LIMIT,
    State,
    StreamingEffect,
    StreamingPart,
    owned_by,
    prefixed,
)
from synths.streaming.reverb import StreamingReverb
from synths.streaming.sms import StreamingSynth
from synths.streaming.strings import StreamingStrings

__all__ = [
    "LOUDEST",
    "STATE_LIMIT",
    "Gate",
    "Held",
    "State",
    "StreamingEffect",
    "StreamingHarmonics",
    "StreamingNoise",
    "StreamingPart",
    "StreamingReverb",
    "StreamingStrings",
    "StreamingSynth",
    "owned_by",
    "prefixed",
]
