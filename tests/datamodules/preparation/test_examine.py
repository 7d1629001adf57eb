"""What a clip becomes in a shard: its samples, its pitch, and what is heard in it."""

from dataclasses import dataclass

import numpy as np
import pytest

from datamodules import NoPitch, Pitch, PitchTracker, Sound, Source, UnusableAudio
from datamodules.preparation.examine import examine, heard, quantised
from synths.clip import ClipFormat

CLIP = ClipFormat(sample_rate=16000, n_samples=800, hop=160)


@dataclass(frozen=True)
class Given(Sound):
    """Samples of one value, or a complaint; its pitch, where it is known."""

    level: float = 0.5
    complaint: str = ""
    f0_hz: float = 0.0

    def read(self, clip):
        if self.complaint:
            raise UnusableAudio(self.complaint)
        return np.full(clip.n_samples, self.level, np.float32)

    def stamp(self):
        return "always the same"

    @property
    def place(self):
        return "memory", 0.0

    def pitch(self, clip):
        return (
            Pitch(np.full(clip.n_frames, self.f0_hz, np.float32), np.ones(clip.n_frames, np.float32))
            if (self.f0_hz)
            else None
        )


class LevelInHz(PitchTracker):
    """Hears a thousand times the level; silence has no pitch."""

    identity = "level"

    def track(self, audio, clip):
        if not audio.any():
            raise NoPitch("there is nothing to hear")
        return Pitch(np.full(clip.n_frames, 1000 * audio.max()), np.full(clip.n_frames, 0.75))


def restored(audio: np.ndarray) -> np.ndarray:
    samples, scale = quantised(audio)
    return samples * np.float32(scale)


@pytest.mark.parametrize("lowest, highest", [(-32768, 32767), (-32768, 5), (-3, 32767), (-1, 1), (0, 0)])
def test_sound_of_16_bits_is_kept_to_the_bit(lowest, highest):
    steps = np.random.default_rng(0).integers(lowest, highest, 5000, endpoint=True)
    steps[:2] = lowest, highest
    audio = (steps / 32768).astype(np.float32)
    assert quantised(audio).samples.dtype == np.int16
    assert np.array_equal(restored(audio), audio)


@pytest.mark.parametrize("peak", [0.02, 0.9, 0.99999, 1.0, 1.5, 40.0])
def test_other_sound_is_off_by_half_a_step_of_its_peak_at_most(peak):
    audio = np.random.default_rng(0).uniform(-1, 1, 5000).astype(np.float32)
    audio *= np.float32(peak) / np.abs(audio).max()
    assert np.abs(restored(audio) - audio).max() <= 0.505 * peak / 32767
    assert np.abs(restored(audio)).max() == pytest.approx(peak, rel=1e-6), "nothing is clipped"


def test_full_scale_that_16_bits_lack_is_not_turned_around():
    audio = np.array([1.0, -1.0, 0.5], np.float32)
    assert restored(audio) == pytest.approx(audio, abs=2e-5)


def test_the_tracker_hears_the_untouched_sound_of_a_pair():
    found = examine(Source("pair", Given(0.5), untouched=Given(0.25)), LevelInHz(), CLIP)
    assert found.pitch.dtype == np.float32 and found.pitch.shape == (2, 5)
    assert found.pitch[0].tolist() == [250] * 5 and found.pitch[1].tolist() == [0.75] * 5
    assert (found.audio.samples * found.audio.scale).max() == 0.5
    assert (found.untouched.samples * found.untouched.scale).max() == 0.25


def test_what_has_no_pair_is_heard_itself():
    found = examine(Source("single", Given(0.5)), LevelInHz(), CLIP)
    assert found.untouched is None and found.pitch[0].tolist() == [500] * 5


def test_a_pitch_that_is_known_is_not_tracked():
    assert examine(Source("known", Given(0.5, f0_hz=321)), LevelInHz(), CLIP).pitch[0].tolist() == [321] * 5


def test_what_cannot_be_used_is_one_sentence():
    assert examine(Source("a", Given(complaint="a.wav is torn.")), LevelInHz(), CLIP) == "a.wav is torn."
    assert examine(Source("b", Given(0.0)), LevelInHz(), CLIP) == "b: there is nothing to hear."
    torn = Given(complaint="its source is torn.")
    assert examine(Source("c", Given(), untouched=torn), LevelInHz(), CLIP) == "its source is torn."


@pytest.mark.parametrize("peak", [1.0, 0.01])
def test_what_is_heard_counts_clear_and_sounding_frames(peak):
    pitch = Pitch(np.array([100, 200, 300, 4000, 5000.0]), np.array([0.5, 1, 0.9, 0.49, 0]))
    level = peak * np.array([1, 0.5, 1.01e-3, 0.99e-3, 0])  # amplitudes: 60 dB below is a thousandth
    assert heard(np.repeat(level, 160), pitch, CLIP) == (200, 0.6, 0.6)
    unclear = pitch._replace(confidence=np.zeros(5))
    assert heard(np.zeros(800), unclear, CLIP) == (0, 0, 0)


def test_the_pitch_that_counts_is_the_median():
    """One slip of several octaves does not move it."""
    pitch = Pitch(np.array([100, 100, 110, 3000, 200.0]), np.ones(5))
    assert heard(np.ones(800), pitch, CLIP).median_f0_hz == 110


class Failing(LevelInHz):
    """Fails as no one foresaw."""

    def track(self, audio, clip):
        raise self.error


@pytest.mark.parametrize("error", [MemoryError("no room"), RecursionError("deep"), IndexError("3"), KeyError("x")])
def test_one_bad_sound_is_a_reason_and_not_the_end(error):
    tracker = Failing()
    tracker.error = error
    assert type(error).__name__ in examine(Source("odd", Given()), tracker, CLIP)


class Blip(Given):
    """Sounds in its first hundredth of a second alone."""

    def read(self, clip):
        return np.where(np.arange(clip.n_samples) < 160, 0.5, 0.0).astype(np.float32)


def test_a_clip_in_which_hardly_anything_sounds_is_left_out():
    assert "blip sounds for 0.01 of 0.05 s only" in examine(Source("blip", Blip()), LevelInHz(), CLIP)
