"""Voices of one model, side by side: the rows of a batch, from their curves to their sound before the room."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lightning_modules.timbre_model import TimbreModel
from melodies.knob_places import hz_to_midi
from melodies.preset_residual import residual_at
from melodies.sounding_voice import VoiceCurves
from synths import Layers
from synths.layers import layers_together, parts_scaled
from synths.signal import interpolate_frames

RISE_S = 0.003
"""From nothing to the first frame: short, and no click."""


class VoiceRows:
    """What a model plays of some voices, with gains on it: a `Playable`.

    Row and frame: a voice's first frame is held for a hop, so frame t of a row is the voice's frame t - 1. Behind its
    end a row is silent. A voice has the same noise whatever is played beside it.

    Args:
        model: in eval mode
        voices: B of them
        preset: whose residual they have; None: zeros
        seed: of the noise
    """

    def __init__(
        self, model: TimbreModel, voices: Sequence[VoiceCurves], preset: Mapping[str, Any] | None, seed: int
    ) -> None:
        self.model, self.voices, self.every = model, list(voices), model.encoder.judged_every
        self.n_played = torch.tensor([len(voice.f0_hz) for voice in voices])
        self.f0_hz = self._rows([voice.f0_hz for voice in voices])
        self.asked = self._rows([voice.asked for voice in voices])
        controls = self._rows([voice.controls for voice in voices])
        size = model.encoder.residual_size
        residual = self._rows([residual_at(preset, hz_to_midi(voice.f0_hz), size) for voice in voices])
        parameters = model.decoder(self.f0_hz, controls, residual)
        self.played = [self._gated(played) for played in model.synth.played(self.f0_hz, parameters)]
        self.white_noise = self._noise(seed)
        self.unchanged = self._sound(self.f0_hz, self.played, self.white_noise, torch.arange(len(voices)))

    def layers(self) -> Layers:
        """What is played in every `every`-th frame."""
        return layers_together(self.f0_hz, self.played).every(self.every)

    def prior(self, layers: Layers) -> Tensor:
        """As calibration learnt it from training notes, or the musical one."""
        return self.model.encoder.prior(layers, self.model.clip.nyquist_hz)

    def play(self, log_gains: Tensor, rows: Tensor) -> Tensor:
        """(R, F / every, P) log gains on some voices -> their (R, N) audio, without room."""
        f0_hz = self.f0_hz[rows]
        gains = interpolate_frames(log_gains, self.every, f0_hz.shape[1])
        played = [{name: values[rows] for name, values in own.items()} for own in self.played]
        noise = None if self.white_noise is None else self.white_noise[rows]
        return self._sound(f0_hz, parts_scaled(played, gains), noise, rows)

    def _rows(self, each: Sequence[np.ndarray]) -> Tensor:
        """(F_b, ...) of each voice -> (B, F + 1, ...), the first frame twice, the last held."""
        longest = max(len(values) for values in each)
        held = [np.concatenate([v[:1], v, np.repeat(v[-1:], longest - len(v), axis=0)]) for v in each]
        return torch.from_numpy(np.stack(held)).float()

    def _gated(self, played: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Silent from the last frame of each voice on, and as loud as it is told where no knob says."""
        frame = torch.arange(self.f0_hz.shape[1])
        sounds = (frame < self.n_played[:, None]).float()
        gain = 10.0 ** (self._rows([voice.gain_db for voice in self.voices]) / 20.0) * sounds
        gated = dict(played)
        if "amplitudes" in gated:
            gated["amplitudes"] = gated["amplitudes"] * gain[..., None]
        if "noise_magnitudes" in gated:
            begun = (frame > 0).float()  # noise of a frame lasts for the hop behind it
            gated["noise_magnitudes"] = gated["noise_magnitudes"] * (gain * begun)[..., None]
        return gated

    def _noise(self, seed: int) -> Tensor | None:
        drawn = []
        for row, voice in enumerate(self.voices):
            own = np.random.SeedSequence([seed, round(1e6 * voice.start_s), round(1e3 * voice.notes[0].midi)])
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(int(own.generate_state(1, np.uint64)[0] >> np.uint64(1)))
                drawn.append(self.model.synth.white_noise(self.f0_hz[row : row + 1]))
        return None if drawn[0] is None else torch.cat([noise for noise in drawn if noise is not None])

    def _sound(self, f0_hz: Tensor, played: Sequence[dict[str, Tensor]], noise: Tensor | None, rows: Tensor) -> Tensor:
        with self.model.synth.dry():
            audio = self.model.synth.play(f0_hz, played, noise)
        return audio * self._openness(audio.shape[1])[rows]

    def _openness(self, n_samples: int) -> Tensor:
        """(B, N) from 0 to 1 within 3 ms, and from 1 to 0 in the last hop."""
        clip = self.model.clip
        sample = torch.arange(n_samples)
        rise = (sample / (RISE_S * clip.sample_rate)).clamp_max(1.0)
        fall = (self.n_played[:, None] * clip.hop - sample) / clip.hop
        return rise * fall.clamp(0.0, 1.0)
