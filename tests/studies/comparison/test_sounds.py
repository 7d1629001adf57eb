"""Models are heard on the same notes; what is missing is left out, and a page does not grow without bound."""

import base64
import io
import json
import shutil

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


def files(choice):
    """Name of a row -> its files, None for a gap."""
    return {name: [sound and sound.file.name for sound in sounds] for name, sounds in choice.rows.items()}


def test_the_notes_below_their_recordings_then_every_knob_of_one_note_at_all_positions(model):
    choices = listening([model])
    assert [choice.title for choice in choices] == ["resynthesis", "sharpness of flute-60", "level of flute-60"]
    assert choices[0].headings == ["note-0", "note-1", "note-2"]
    assert files(choices[0]) == {
        "recording": [f"{n}-note-{n}-target.wav" for n in range(3)],
        "ours": [f"{n}-note-{n}-resynthesis.wav" for n in range(3)],
    }
    assert choices[1].headings == ["at 0.1", "at 0.5", "at 0.9"]
    assert files(choices[1]) == {"ours": [f"0-sharpness-{position}.wav" for position in (0.1, 0.5, 0.9)]}
    captions = [sound.caption for sound in choices[2].rows["ours"]]
    assert captions == ["0.500 → 0.200 acum", "0.500 → 1.00 acum", "0.500 → – acum"]


def test_sounds_whose_knobs_were_met_say_so(model):
    path = model.folder / "sliders" / "sliders.json"
    path.write_text(json.dumps([row | {"rendering": "exact"} for row in json.loads(path.read_text())]))
    assert listening([model])[1].rows["ours"][0].caption == "0.500 → 0.200 acum, exact"


def test_a_sample_without_its_other_half_is_left_out(model):
    (model.folder / "samples" / "0-note-0-target.wav").unlink()
    assert listening([model])[0].headings == ["note-1", "note-2"]


def test_models_stand_side_by_side(model):
    """Who has a note or a position less has a gap there; who has nothing has no row."""
    other = model._replace(name="other", folder=model.folder.with_name("other"))
    shutil.copytree(model.folder, other.folder)
    (other.folder / "samples" / "1-note-1-resynthesis.wav").unlink()
    path = other.folder / "sliders" / "sliders.json"
    path.write_text(json.dumps([row for row in json.loads(path.read_text()) if row["position"] != 0.5]))
    silent = model._replace(name="silent", folder=model.folder / "nothing")
    choices = listening([model, other, silent, model._replace(name="nowhere", folder=None)])
    assert list(files(choices[0])) == ["recording", "ours", "other"]
    assert files(choices[0])["other"] == ["0-note-0-resynthesis.wav", None, "2-note-2-resynthesis.wav"]
    assert files(choices[1])["other"] == ["0-sharpness-0.1.wav", None, "0-sharpness-0.9.wav"]


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
    assert len(whole) == 3 and nothing == ""
    size = sum(len(cell["url"]) for cells in whole[0]["rows"].values() for cell in cells)
    some, sentence = embedded(choices, most_bytes=size)
    assert [choice["title"] for choice in some] == ["resynthesis"]
    assert "sharpness of flute-60, level of flute-60" in sentence


def test_a_lost_sound_leaves_a_gap(model):
    (model.folder / "sliders" / "0-level-0.1.wav").unlink()
    cells = embedded(listening([model]))[0][2]["rows"]["ours"]
    assert [bool(cell["url"]) for cell in cells] == [False, True, True]


@pytest.mark.parametrize("text", ["{", '[{"note": "a"}]', "3"])
def test_a_broken_list_of_sliders_is_named(text, model):
    (model.folder / "sliders" / "sliders.json").write_text(text)
    with pytest.raises(ValueError, match=r"sliders\.json cannot be read .*: run `timbre test .*run` again"):
        listening([model])


def test_a_broken_sound_is_named(model):
    (model.folder / "samples" / "0-note-0-target.wav").write_bytes(b"RIFF")
    with pytest.raises(ValueError, match=r"0-note-0-target\.wav cannot be read as sound"):
        embedded(listening([model]))
