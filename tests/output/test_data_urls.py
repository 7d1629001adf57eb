"""What a data: URL carries is what was put in."""

import base64
import io

import numpy as np
import pytest
import soundfile

from output.data_urls import MP3_RATES, audio_url, data_url


@pytest.mark.parametrize(("rate", "head"), [(16000, "data:audio/mpeg;base64"), (96000, "data:audio/wav;base64")])
def test_carries_a_tone(rate, head):
    """At its rate and level; as WAV where MP3 does not know the rate."""
    time_s = np.arange(rate) / rate
    found_head, _, content = audio_url(0.5 * np.sin(2 * np.pi * 440 * time_s), rate).partition(",")
    audio, found_rate = soundfile.read(io.BytesIO(base64.b64decode(content)))
    assert (found_head, found_rate) == (head, rate) and (rate in MP3_RATES) == ("mpeg" in head)
    strongest = np.abs(np.fft.rfft(audio[:rate])).argmax()
    assert np.abs(audio).max() == pytest.approx(0.5, abs=0.05) and strongest == pytest.approx(440, abs=1)


def test_carries_bytes():
    assert data_url("image/png", b"\x00\xff") == "data:image/png;base64,AP8="
