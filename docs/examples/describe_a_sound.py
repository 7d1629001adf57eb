"""What the descriptors read on a sound, and how they move: describe_a_sound.py [IN.wav]."""

import sys

import numpy as np
import soundfile

import interpretsynth as its


def a_swell(rate: int = 16000) -> np.ndarray:
    """One second at 330 Hz that grows brighter."""
    time_s = np.arange(rate) / rate
    partials = [time_s ** (number / 4) / number * np.cos(2 * np.pi * 330 * number * time_s) for number in range(1, 20)]
    return 0.2 * np.sum(partials, axis=0)


if len(sys.argv) > 1:
    audio, rate = soundfile.read(sys.argv[1])
else:
    audio, rate = a_swell(), 16000

described = its.describe(audio, rate)
for name, quality in described.readings.items():
    print(f"{name:<24}{'–' if quality.mean is None else f'{quality.mean:.3g}':>9} {quality.unit}")

curve = described["sharpness"].curve
first, last = np.flatnonzero(described.sounding)[[0, -1]]
print(f"sharpness goes from {curve[first]:.2f} to {curve[last]:.2f} acum")
