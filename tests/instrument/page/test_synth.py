"""Noise on the page: each hop goes through the zero-phase filter of its magnitudes."""

import base64

import numpy as np
import pytest

from instrument.page_code import page_code

pytestmark = pytest.mark.browser

BANDS = """(() => {
    const code = Uint8Array.from(Buffer.from(given.code, "base64")).buffer;
    const bands = new Bands(16000, given.hop, given.count, new Convolution(code, given.hop, given.count - 1));
    return given.noise.flatMap((noise, t) => {
      const out = new Float32Array(given.hop);
      bands.add(out, given.magnitudes[t], noise);
      return [...out];
    });
})()"""


@pytest.mark.parametrize(("hop", "count"), [(40, 18), (24, 33), (64, 65)])
def test_noise_goes_through_the_filter_of_its_frame(in_node, hop, count):
    """As numpy has it: the inverse transform of the magnitudes under a Hann window, around every sample of a hop."""
    generator = np.random.default_rng(0)
    noise, magnitudes = generator.uniform(-1, 1, (6, hop)), generator.uniform(0, 1, (6, count))
    code = base64.b64encode(page_code()).decode()
    given = {"hop": hop, "count": count, "noise": noise.tolist(), "magnitudes": magnitudes.tolist(), "code": code}
    found = np.array(in_node("synth.js", BANDS, **given))
    reach, late = count - 1, max(0, -(-(count - 1) // hop) - 1)
    window = 0.5 + 0.5 * np.cos(np.pi * np.arange(-reach, reach + 1) / reach)
    expected = np.zeros((6 + late + 2) * hop + 2 * reach)
    for t in range(6):
        taps = window * np.fft.irfft(magnitudes[t])[np.abs(np.arange(-reach, reach + 1)) % (2 * reach)]
        start = (t + 1 + late) * hop - reach
        expected[start : start + hop + 2 * reach] += np.convolve(noise[t], taps)
    assert np.allclose(found, expected[: len(found)], atol=1e-5) and np.abs(found).max() > 0.1
