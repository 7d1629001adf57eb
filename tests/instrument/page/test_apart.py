"""A recording is taken apart in the page as `turning` does it."""

import numpy as np
import pytest
import torch

from synths.carriers import block_size, carriers
from synths.heterodyne import envelopes
from turning.pitch import refined

pytestmark = pytest.mark.browser

RATE, HOP = 16000, 160
ABOUT = {"sample_rate": RATE, "hop": HOP, "n_bands": 33, "n_partials": 30}
TAKEN = """(({ noise, magnitudes, sound, n, count, blocks }) => ({
    noise: [...noise], magnitudes: [...magnitudes], sound: [...sound], n, count, blocks,
}))(takenApart(given.sound, given.about))"""


@pytest.fixture(scope="module")
def voice():
    """A second of a tone of six partials with a vibrato, (N,), and its pitch in frames, (F,)."""
    time_s = np.arange(RATE) / RATE
    f0_hz = 220.0 * 2.0 ** (0.3 / 12 * np.sin(2 * np.pi * 5.0 * time_s))
    phase = 2 * np.pi * np.cumsum(f0_hz) / RATE
    tone = sum(np.sin(n * phase + n) / n for n in range(1, 7))
    noise = np.random.default_rng(0).normal(size=RATE)
    return (0.2 * tone + 0.002 * noise).astype(np.float32), np.append(f0_hz[::HOP], f0_hz[-1])


def test_the_partials_are_those_of_the_heterodyne(in_node, voice):
    """At frames that are edges of Python's blocks too, along the same pitch."""
    sound, f0_hz = voice
    block, count = 40, 20
    waves = carriers(torch.from_numpy(f0_hz), RATE, HOP, block, len(sound), count)
    expected = envelopes(torch.from_numpy(sound), waves)[:: HOP // block].numpy()
    found = in_node("apart.js", f"[...envelopesOf(given.sound, given.f0_hz, {RATE}, {HOP}, {8 * block}, {count})]",
                    sound=sound.tolist(), f0_hz=f0_hz.tolist())  # fmt: skip
    found = np.array(found).reshape(-1, 2 * count)
    assert np.abs(found[: len(expected)] - expected).max() < 1e-5 < 0.1 < np.abs(expected).max()


def test_the_pitch_is_read_off_the_partials(in_node, voice):
    """From ten cents off to within a cent of the truth, and of what `turning` finds."""
    sound, f0_hz = voice
    rough = f0_hz * 2.0 ** (10 / 1200)
    expected = refined(torch.from_numpy(sound), torch.from_numpy(rough[:-1]), RATE, HOP).numpy()
    found = np.array(in_node("apart.js", f"refinedPitch(given.sound, given.f0_hz, {RATE}, {HOP})",
                             sound=sound.tolist(), f0_hz=rough.tolist()))[:-1]  # fmt: skip
    inside = slice(5, -5)
    assert np.median(np.abs(1200 * np.log2(found / f0_hz[:-1]))[inside]) < 1.0
    assert np.median(np.abs(1200 * np.log2(found / expected))[inside]) < 1.0
    window = in_node("apart.js", f"windowOf(given.f0_hz, {RATE})", f0_hz=f0_hz.tolist())
    assert window == 8 * block_size(torch.from_numpy(f0_hz), RATE)


def test_the_parts_add_up_and_the_noise_is_what_is_left(in_node, voice):
    """What white noise of its magnitudes would have is the noise's power, 20 dB below the tone's and more."""
    sound, _ = voice
    made = in_node("apart.js", TAKEN, sound=sound.tolist(), about=ABOUT)
    assert made["n"] == 101 and made["blocks"] == 2 and made["count"] == 30
    assert np.allclose(made["sound"][:RATE], sound)
    left = np.array(made["noise"][1600:14400])
    assert np.sqrt(np.mean(left**2)) == pytest.approx(0.002, rel=0.3)
    magnitudes = np.array(made["magnitudes"]).reshape(101, -1)[10:90]
    assert np.sqrt((magnitudes**2).mean() / 3) == pytest.approx(0.002, rel=0.2)


def test_noise_has_no_pitch(in_node):
    noise = np.random.default_rng(0).normal(size=8000) * 0.1
    assert in_node("apart.js", "takenApart(given.sound, given.about)", sound=noise.tolist(), about=ABOUT) is None


def test_a_leap_of_the_tracker_is_bridged_over(in_node):
    """Two frames an octave higher are no note; the gap that they leave goes in a line of log-frequency."""
    f0_hz = [200.0] * 20 + [400.0] * 2 + [200.0] * 20 + [float("nan")] * 3 + [250.0] * 12
    heard = [[hz, 0.0 if np.isnan(hz) else 1.0] for hz in f0_hz]
    found = in_node("apart.js", "bridged(withoutSlips(given.heard.map(([hz, sure]) => (sure ? hz : NaN)), 100))",
                    heard=[[0.0 if np.isnan(hz) else hz, sure] for hz, sure in heard])  # fmt: skip
    assert found[:42] == pytest.approx([200.0] * 42) and found[43] == pytest.approx(200.0 * 1.25**0.5, rel=1e-9)
