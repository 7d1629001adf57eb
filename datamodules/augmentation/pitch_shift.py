"""Pitch and formants moved together, by playing faster or slower."""

import torch
from scipy.fft import next_fast_len, prev_fast_len
from torch import Tensor
from torch.nn import functional

from datamodules.augmentation.augmentation import Augmentation
from datamodules.augmentation.draws import Draws
from datamodules.augmentation.frequency_response import TAIL_S, fast_size
from synths.clip import Clip, ClipFormat

FADE_S = 0.01


class PitchShift(Augmentation):
    """Resampling: higher and shorter, its end padded with silence, or lower and longer, its end cut.

    Pitch and confidence go along; in the padding confidence is 0. Played is the speed next to the drawn one whose FFT
    is fast, at most 15 cents away, and f0_hz is scaled by what is played.

    Args:
        lowest_semitones: the furthest down, -24 to 24
        highest_semitones: the furthest up
        chance: that a clip is changed at all, 0 to 1
    """

    def __init__(self, lowest_semitones: float = -3.0, highest_semitones: float = 3.0, chance: float = 0.5) -> None:
        super().__init__(chance)
        self.semitones = self.between("a shift in semitones", lowest_semitones, highest_semitones, -24, 24)

    def change(self, clips: Clip, clip: ClipFormat, draws: Draws) -> Clip:
        """All three at another speed."""
        n_fft = fast_size(clips.audio.shape[-1] + round(TAIL_S * clip.sample_rate))
        sizes = [_nearest_fast(n_fft / 2.0 ** (shift / 12.0)) for shift in draws.numbers(*self.semitones)]
        spectra = torch.fft.rfft(clips.audio, n_fft)
        fade = round(FADE_S * clip.sample_rate)
        audio = [_played(*each, n_fft, clips.audio.shape[-1], fade) for each in zip(spectra, sizes, strict=True)]
        speed = torch.tensor([n_fft / size for size in sizes])[:, None].to(clips.audio.device)
        f0_hz, confidence = _at_speed(clips.f0_hz, speed), _at_speed(clips.confidence, speed)
        frame = torch.arange(clips.f0_hz.shape[1], device=speed.device)
        sounds_on = frame * speed < clips.f0_hz.shape[1]
        return clips._replace(audio=torch.stack(audio), f0_hz=f0_hz * speed, confidence=confidence * sounds_on)


def _nearest_fast(size: float) -> int:
    below, above = prev_fast_len(round(size)), next_fast_len(round(size))
    return int(below if size - below < above - size else above)


def _played(spectrum: Tensor, size: int, n_fft: int, n_samples: int, fade: int) -> Tensor:
    """(bins,) spectrum of n_fft samples -> (n_samples,) audio that has `size` samples where it had n_fft."""
    audio = torch.fft.irfft(spectrum, size)[: round(n_samples * size / n_fft)] * (size / n_fft)
    if len(audio) >= n_samples:
        return audio[:n_samples]
    # A clip may end in the middle of a note: cut short of the clip's end, it would click.
    falling = torch.linspace(1.0, 0.0, fade, device=audio.device)
    faded = torch.cat([audio[:-fade], audio[-fade:] * falling])
    return functional.pad(faded, (0, n_samples - len(audio)))


def _at_speed(frames: Tensor, speed: Tensor) -> Tensor:
    """(B, F) values -> the same at (B, 1) times the speed, in lines between frames, the last one held."""
    last = frames.shape[1] - 1
    position = (torch.arange(last + 1, device=frames.device) * speed).clamp_max(last)
    before = position.floor().long()
    after = (before + 1).clamp_max(last)
    return torch.lerp(frames.gather(1, before), frames.gather(1, after), position - before)
