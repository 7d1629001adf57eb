"""The demo's first seconds: a phrase that a shipped voice plays, its knobs turned, on a page."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lightning_modules.checkpoint import load_model
from lightning_modules.exact import Exact
from lightning_modules.timbre_model import TimbreModel
from lightning_modules.wav import write_wav
from studies.report.voice_page import write_voice_page
from studies.run_folder import RunFolder, checkpoint_in
from studies.run_sounds import Slider
from synths import ClipFormat
from timbre.shown_sweep import shown_sweep

NOTES_HZ = (261.6, 392.0)
NOTE_S, ATTACK_S, GAIN = 0.4, 0.03, 0.12
PAUSE_S = 0.1
"""Behind the last note: a sound that ends in the middle of a room clicks."""
VIBRATO_HZ, VIBRATO_CENTS = 5.5, 15.0
N_PARTIALS = 12
POSITIONS = (0.15, 0.5, 0.85)
"""Few, because a page in ten seconds is wanted."""
FIRST_KNOB = "sharpness"


def phrase(clip: ClipFormat) -> tuple[Tensor, Tensor]:
    """Two notes of a few sines: (1, N) sound and (1, F) its pitch, known and not tracked."""
    n_frames = round((len(NOTES_HZ) * NOTE_S + PAUSE_S) * clip.frame_rate_hz)
    frame_s = np.arange(n_frames) / clip.frame_rate_hz
    notes = np.minimum((frame_s / NOTE_S).astype(int), len(NOTES_HZ) - 1)
    cents = VIBRATO_CENTS * np.sin(2 * np.pi * VIBRATO_HZ * frame_s)
    f0_hz = np.array(NOTES_HZ)[notes] * 2 ** (cents / 1200)
    phase = 2 * np.pi * np.cumsum(np.repeat(f0_hz, clip.hop)) / clip.sample_rate
    tone = sum(np.sin(k * phase) / k**1.5 for k in range(1, N_PARTIALS + 1))
    time_s = np.arange(len(phase)) / clip.sample_rate
    since_s = time_s % NOTE_S
    shape = np.minimum(since_s / ATTACK_S, 1.0) * np.minimum((NOTE_S - since_s) / ATTACK_S, 1.0)
    shape *= time_s < len(NOTES_HZ) * NOTE_S
    return torch.tensor(GAIN * tone * shape).float()[None], torch.tensor(f0_hz).float()[None]


def first_sound(voice: str, folder: Path) -> Iterator[Path]:
    """Let a voice play the phrase, turn every knob, and write the page -> where it is, as soon as there is one.

    The page is written with one knob first, and once more with all.
    """
    model = load_model(checkpoint_in(Path(voice)))
    audio, f0_hz = phrase(model.clip)
    exact, run, knobs = Exact(model), RunFolder(folder), model.encoder.knobs
    given, played, rate = folder / "given.wav", folder / "played.wav", model.clip.sample_rate
    torch.manual_seed(0)
    write_wav(given, audio[0], rate)
    write_wav(played, _played(model, audio, f0_hz, exact), rate)
    commands = [f"timbre render {voice} IN.wav OUT.wav --set sharpness=0.8", "timbre learn MY_SOUNDS"]
    sliders: dict[str, list[Slider]] = {}
    for knob in sorted(knobs, key=lambda name: name != FIRST_KNOB):
        turned = shown_sweep(model, audio, f0_hz, knob, POSITIONS, exact, with_open=False)
        sliders[knob] = turned.sliders(run.sliders, rate, "the phrase")
        if len(sliders) in (1, len(knobs)):
            shown = [slider for name in knobs for slider in sliders.get(name, [])]
            yield write_voice_page(folder, voice, given, played, shown, commands, len(knobs) - len(sliders))


@torch.no_grad()
def _played(model: TimbreModel, audio: Tensor, f0_hz: Tensor, exact: Exact) -> Tensor:
    encoder = model.encoder
    return exact(f0_hz, encoder(audio, f0_hz), encoder.sounding(audio, encoder.judged_every)).audio[0]
