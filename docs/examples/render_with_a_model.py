"""Play a note with a trained model, its knobs turned: render_with_a_model.py RUN [IN.wav OUT.wav].

RUN is a folder of runs, or a checkpoint; `timbre demo` trains a small one in minutes: runs/demo.
"""

import sys

import numpy as np
import soundfile

import interpretsynth as its


def a_note(rate: int = 16000) -> np.ndarray:
    """One second of ten partials at 262 Hz, fading."""
    time_s = np.arange(rate) / rate
    partials = sum(0.1 / number * np.sin(2 * np.pi * 262 * number * time_s) for number in range(1, 11))
    return partials * np.exp(-time_s)


if len(sys.argv) < 2:
    sys.exit("name a run, such as runs/demo")
voice = its.load(sys.argv[1])
for knob in voice.knobs():
    print(f"{knob.name}: {knob.low:.3g} to {knob.high:.3g} {knob.unit}")

sound = sys.argv[2] if len(sys.argv) > 2 else (a_note(), 16000)
played = voice.render(sound, sharpness=0.6, nudge={"level": "-3dB"})
print(played)
soundfile.write(sys.argv[3] if len(sys.argv) > 3 else "played.wav", played.audio, voice.rate)
