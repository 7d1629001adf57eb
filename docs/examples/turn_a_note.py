"""Make a note sharper by two least audible differences, and hold the rest: turn_a_note.py [IN.wav OUT.wav]."""

import sys

import numpy as np
import soundfile

import interpretsynth as its


def a_note(rate: int = 16000) -> np.ndarray:
    """One second of thirty partials at 220 Hz, and a little noise."""
    time_s = np.arange(rate) / rate
    partials = sum(0.1 / number * np.cos(2 * np.pi * 220 * number * time_s + number**2) for number in range(1, 31))
    return partials + 2e-3 * np.random.default_rng(0).standard_normal(rate)


if len(sys.argv) > 1:
    audio, rate = soundfile.read(sys.argv[1])
else:
    audio, rate = a_note(), 16000

turned = its.turn(audio, rate, sharpness="+2jnd", noisiness="-30dB")
print(turned)  # where each knob was, was asked, and is measured
for remark in turned.remarks:
    print(remark)

sharpness = turned.table["sharpness"]
print(f"sharpness moved by {(sharpness.got - sharpness.was) / sharpness.jnd:.1f} JND")

soundfile.write(sys.argv[2] if len(sys.argv) > 2 else "turned.wav", turned.audio, turned.rate)
