"""Which frames of a recording are heard for themselves."""

import numpy as np

from turning.listened import Listened
from turning.sound_in import ArrayIn


def test_what_lies_before_an_onset_and_at_the_ends_is_not_settled(make_tone):
    """A soft tone that gets ten times louder at 0.3 s."""
    audio = make_tone(220.0, 0.6)
    audio[:4800] *= 0.1
    listened = Listened(ArrayIn(audio, 16000))
    settled = listened.recording(listened.passages[0]).settled
    assert not settled[:3].any() and not settled[-3:].any() and not settled[26:30].any()
    assert settled[3:26].all() and settled[30:-3].all()


def test_a_frame_counts_in_one_passage_only(make_tone, monkeypatch):
    from turning import passages

    monkeypatch.setattr(passages, "LENGTH_S", 0.7)
    listened = Listened(ArrayIn(make_tone(220.0, 2.0), 16000))
    counted = np.zeros(listened.n_frames, int)
    for passage in listened.passages:
        counted[passage.first : passage.last] += listened.recording(passage).sounding.int().numpy()
    assert len(listened.passages) == 3 and (counted == listened.sounding.int().numpy()).all()
