"""Models are heard on the same notes; what is missing is left out, and a page does not grow without bound."""

import base64
import io
import json

import numpy as np
import pytest
import soundfile

from studies.comparison.comparison import Model
from studies.comparison.sounds import embedded, listening, sound_url

KNOBS = ("sharpness", "level")


def write_wav(path, level=0.1, rate=16000):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, level * np.sin(np.arange(rate // 4) * 0.2), rate)


def slider(knob, position, note="flute-60"):
    measured = None if position > 0.8 else 2 * position
    file = f"0-{knob}-{position}.wav"
    return {
        "note": note,
        "knob": knob,
        "position": position,
        "asked": 0.5,
        "measured": measured,
        "unit": "acum",
        "file": file,
    }


@pytest.fixture
def model(tmp_path):
    """A run with three samples, and two knobs turned on two notes."""
    folder = tmp_path / "run"
    for number in range(3):
        for kind in ("target", "resynthesis"):
            write_wav(folder / "samples" / f"{number}-note-{number}-{kind}.wav")
    (folder / "samples" / "t00.wav").write_bytes(b"another program's")
    rows = [slider(knob, position) for knob in KNOBS for position in (0.5, 0.9, 0.1)]
    rows += [slider("level", 0.0, note="oboe-64")]
    for row in rows:
        write_wav(folder / "sliders" / row["file"], row["position"])
    (folder / "sliders" / "sliders.json").write_text(json.dumps(rows))
    return Model("ours", 1, KNOBS, [], None, None, {}, folder)


def test_two_notes_then_every_knob_of_one_note_at_both_ends(model):
    choices = listening([model])
    titles = ["resynthesis of note-0", "resynthesis of note-1", "sharpness of flute-60", "level of flute-60"]
    assert [choice.title for choice in choices] == titles
    files = [[sound.file.name for sound in choice.rows["ours"]] for choice in choices]
    assert files[0] == ["0-note-0-target.wav", "0-note-0-resynthesis.wav"]
    assert files[2] == ["0-sharpness-0.1.wav", "0-sharpness-0.9.wav"]
    assert [sound.caption for sound in choices[3].rows["ours"]] == [
        "asked 0.500, measured 0.200 acum, open",
        "asked 0.500, measured – acum, open",
    ]


def test_a_sample_without_its_other_half_is_left_out(model):
    (model.folder / "samples" / "0-note-0-target.wav").unlink()
    assert [choice.title for choice in listening([model])][:2] == ["resynthesis of note-1", "resynthesis of note-2"]


def test_models_stand_side_by_side_where_they_played_the_same(model):
    other = model._replace(name="other")
    silent = model._replace(name="silent", folder=model.folder / "nothing")
    choices = listening([model, other, silent, model._replace(name="nowhere", folder=None)])
    assert len(choices) == 4 and all(list(choice.rows) == ["ours", "other"] for choice in choices)


def test_a_sound_is_carried_as_it_is(model):
    """MP3 keeps the level of a tone, and is far smaller."""
    path = model.folder / "sliders" / "0-level-0.5.wav"
    url = sound_url(path)
    head, _, content = url.partition(",")
    audio, rate = soundfile.read(io.BytesIO(base64.b64decode(content)))
    assert head == "data:audio/mpeg;base64" and rate == 16000
    assert np.abs(audio).max() == pytest.approx(0.5, rel=0.1) and len(content) < path.stat().st_size


def test_a_rate_that_mp3_does_not_know_is_carried_too(tmp_path):
    write_wav(tmp_path / "high.wav", rate=96000)
    head, _, content = sound_url(tmp_path / "high.wav").partition(",")
    assert head == "data:audio/wav;base64" and base64.b64decode(content) == (tmp_path / "high.wav").read_bytes()


def test_the_page_has_a_limit_and_says_what_it_left_out(model):
    choices = listening([model])
    whole, nothing = embedded(choices)
    assert len(whole) == 4 and nothing == ""
    size = sum(len(cell["url"]) for choice in whole[:2] for cell in choice["rows"]["ours"])
    some, sentence = embedded(choices, most_bytes=size)
    assert [choice["title"] for choice in some] == ["resynthesis of note-0", "resynthesis of note-1"]
    assert "sharpness of flute-60, level of flute-60" in sentence


def test_a_lost_sound_leaves_a_gap(model):
    (model.folder / "sliders" / "0-level-0.1.wav").unlink()
    cells = embedded(listening([model]))[0][3]["rows"]["ours"]
    assert [bool(cell["url"]) for cell in cells] == [False, True]


@pytest.mark.parametrize("text", ["{", '[{"note": "a"}]', "3"])
def test_a_broken_list_of_sliders_is_named(text, model):
    (model.folder / "sliders" / "sliders.json").write_text(text)
    with pytest.raises(ValueError, match=r"sliders\.json cannot be read .*: run `timbre test .*run` again"):
        listening([model])


def test_a_broken_sound_is_named(model):
    (model.folder / "samples" / "0-note-0-target.wav").write_bytes(b"RIFF")
    with pytest.raises(ValueError, match=r"0-note-0-target\.wav cannot be read as sound"):
        embedded(listening([model]))
