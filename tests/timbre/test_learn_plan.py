"""What is chosen for which sounds, and when there is too little of them."""

import pytest

from datamodules.recordings.listening import Contents, Span
from datamodules.recordings.material import Material
from sounds.audio import UnusableAudio
from timbre.kept_learning import LearnRequest
from timbre.learn_plan import Start, best_clip_s, plan_for, rate_for

ASKED = LearnRequest("sax", 15.0)


def material(notes_s=(1.2,) * 40, rate=44100, bandwidth_hz=16000.0, unusable=(), n_stereo=0):
    """A file for each note."""
    contents = {f"{index}.wav": Contents([Span(0.0, length)], []) for index, length in enumerate(notes_s)}
    return Material(contents, dict(unusable), rate, bandwidth_hz, 60.0, n_stereo)


@pytest.mark.parametrize(
    ("rate", "bandwidth_hz", "chosen"),
    [(44100, 22050, 44100), (44100, 16000, 32000), (44100, 11000, 24000), (48000, 4000, 16000),
     (22050, 11025, 22050), (96000, 30000, 48000), (8000, 4000, 16000)],
)  # fmt: skip
def test_the_rate_holds_what_sounds_and_no_more(rate, bandwidth_hz, chosen):
    assert rate_for(material(rate=rate, bandwidth_hz=bandwidth_hz)) == chosen


@pytest.mark.parametrize(
    ("notes_s", "chosen"), [((1.2,) * 9, 1.25), ((0.4,) * 9, 1.0), ((60.0,), 4.0), ((2.1,) * 9, 2.0)]
)
def test_clips_are_as_long_as_notes(notes_s, chosen):
    assert best_clip_s(material(notes_s)) == chosen


def test_the_plan_says_what_and_why():
    plan = plan_for(material(), ASKED, None)
    assert (plan.sample_rate, plan.hop, plan.n_frames, plan.start) == (32000, 320, 125, None)
    assert plan.lines() == [
        "  sounds   40 files, 48 s of sound",
        "  clips    1.25 s: 96 % of what is trained on sounds",
        "           (of clips of 4 s it would be 30 %)",
        "  rate     32000 Hz: the files have 44100, and sound up to 16.0 kHz",
        "  begins   with nothing learnt",
        "  time     15 min for all, or less where training no longer pays",
    ]


def test_what_is_asked_is_done():
    plan = plan_for(material(), ASKED._replace(sample_rate=48000, clip_s=2.0), None)
    assert (plan.sample_rate, plan.n_frames, plan.hop) == (48000, 200, 480)


def test_a_voice_is_begun_with_where_its_rate_fits():
    voice = Start("orchestra", 44100, "voice.yaml")
    assert plan_for(material(), ASKED, voice).start == voice
    assert plan_for(material(), ASKED, voice).sample_rate == 44100
    assert plan_for(material(rate=16000, bandwidth_hz=8000), ASKED, voice).start is None
    assert plan_for(material(), ASKED._replace(sample_rate=16000), voice).start is None
    asked = ASKED._replace(begins_from="orchestra")
    assert plan_for(material(rate=16000, bandwidth_hz=8000), asked, voice).start == voice


def test_little_is_warned_of_and_too_little_refused():
    assert "Little" in " ".join(plan_for(material((1.0,) * 10), ASKED, None).lines())
    with pytest.raises(ValueError, match=r"sax holds 4.0 s of sound: too little to learn from. Record 30 s or more"):
        plan_for(material((0.8,) * 5), ASKED, None)
    with pytest.raises(UnusableAudio, match="none of the 1 files in sax can be used; the first: silent"):
        plan_for(material((), unusable={"a.wav": "silent"}), ASKED, None)


def test_other_warnings():
    said = " ".join(plan_for(material(unusable={"x.wav": "x.wav is silent."}, n_stereo=2), ASKED, None).lines())
    assert "2 files have several channels" in said and "1 file cannot be used" in said and "x.wav is silent." in said
