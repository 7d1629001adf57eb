"""A recording is a WAV that every reader reads, and holds what sounded to the last bit of its width."""

import io

import numpy as np
import pytest
import soundfile

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("bits", "subtype"), [(16, "PCM_16"), (24, "PCM_24")])
def test_a_wav_decodes_to_what_was_kept(in_node, bits, subtype):
    """Two blocks, an odd number of samples, one of them above full scale."""
    sound = np.random.default_rng(0).uniform(-1.0, 1.0, 301)
    sound[7], sound[8], sound[9] = 1.5, 1.0, -1.0
    write = "[...wavBytes([given.sound.slice(0, 128), given.sound.slice(128)], 48000, given.bits)]"
    written = in_node("recorder.js", write, sound=sound.tolist(), bits=bits)
    with soundfile.SoundFile(io.BytesIO(bytes(written))) as file:
        assert (file.samplerate, file.channels, file.subtype, file.frames) == (48000, 1, subtype, 301)
        decoded = file.read()
    assert len(written) % 2 == 0
    assert np.abs(decoded - sound.clip(-1.0, 1.0)).max() < 1.01 * 2.0 ** (1 - bits)
