"""The phrase that a voice plays, and the page about it."""

import json
import re

import numpy as np
import pytest
import soundfile

from synths import ClipFormat
from timbre.demo_voice import NOTE_S, NOTES_HZ, first_sound, phrase


@pytest.mark.parametrize("clip", [ClipFormat(), ClipFormat(44100, 44100, 441)], ids=["16 kHz", "44.1 kHz"])
def test_the_phrase_has_the_pitch_that_it_says(clip):
    """The strongest frequency of each note is its fundamental, and its ends are silent."""
    audio, f0_hz = phrase(clip)
    assert audio.shape == (1, f0_hz.shape[1] * clip.hop) and audio.abs().max() < 0.5
    n_note = round(NOTE_S * clip.sample_rate)
    for index, note_hz in enumerate(NOTES_HZ):
        note = audio[0, index * n_note : (index + 1) * n_note].numpy()
        loudest = np.abs(np.fft.rfft(note * np.hanning(len(note)))).argmax() * clip.sample_rate / len(note)
        assert loudest == pytest.approx(note_hz, abs=2.5)
        assert abs(note[0]) < 1e-3 and abs(note[-1]) < 1e-3
    assert not audio[0, len(NOTES_HZ) * n_note :].any()


@pytest.mark.slow
def test_a_voice_plays_it_on_a_page(trained, tmp_path):
    """Any run is a voice: two sounds, a slider for each knob over three places; one knob is there before the others."""
    pages = first_sound(str(trained), tmp_path / "demo-voice")
    first = next(pages).read_text()
    assert first.count('<input type="range" min="0" max="2"') == 1 and "dull" in first
    assert "4 more knobs are being turned" in first
    (place,) = pages
    page = place.read_text()
    assert "being turned" not in page
    assert len(re.findall(r'data-sound="data:audio/', page)) == 2 + 5
    assert page.count('<input type="range" min="0" max="2"') == 5
    assert "dull" in page and "timbre learn MY_SOUNDS" in page
    assert soundfile.info(tmp_path / "demo-voice" / "played.wav").duration == pytest.approx(0.9)
    assert not json.dumps(page).count("https://")
