"""MusicXML and ABC: pitches, times, strengths; a missing package and a damaged file in one sentence."""

import sys

import pytest

from melodies.score import read_score
from melodies.sheet_music import _seconds

XML = """<?xml version="1.0"?><score-partwise version="3.1">
<part-list><score-part id="P1"><part-name>Flute</part-name></score-part></part-list><part id="P1"><measure number="1">
<attributes><divisions>2</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes>
<direction><direction-type><dynamics><p/></dynamics></direction-type><sound tempo="60"/></direction>
<note><pitch><step>C</step><octave>4</octave></pitch><duration>4</duration><type>half</type></note>
<direction><direction-type><dynamics><f/></dynamics></direction-type></direction>
<note><pitch><step>G</step><alter>1</alter><octave>4</octave></pitch><duration>4</duration><tie type="start"/>
<type>half</type><notations><tied type="start"/></notations></note></measure><measure number="2">
<note><pitch><step>G</step><alter>1</alter><octave>4</octave></pitch><duration>2</duration><tie type="stop"/>
<type>quarter</type><notations><tied type="stop"/></notations></note></measure></part></score-partwise>"""


def test_musicxml_with_tempo_dynamics_and_a_tie(tmp_path):
    pytest.importorskip("partitura")
    path = tmp_path / "x.musicxml"
    path.write_text(XML, encoding="utf-8")
    (part,) = read_score(path).parts
    assert part.name == "Flute" and part.notes == [(0.0, 2.0, 60.0, 0.44), (2.0, 5.0, 68.0, 0.8)]


def test_abc(tmp_path):
    pytest.importorskip("symusic")
    path = tmp_path / "x.abc"
    path.write_text("X:1\nT:Tune\nM:4/4\nL:1/4\nQ:1/4=120\nK:C\nCG c2|\n", encoding="utf-8")
    (part,) = read_score(path).parts
    assert [note.midi for note in part.notes] == [60, 67, 72]
    assert [note.start_s for note in part.notes] == pytest.approx([0.0, 0.5, 1.0], abs=2e-3)


@pytest.mark.parametrize(("name", "package"), [("x.musicxml", "partitura"), ("x.abc", "symusic")])
def test_a_missing_package_is_named_with_the_command(tmp_path, monkeypatch, name, package):
    (tmp_path / name).write_text("x", encoding="utf-8")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ValueError, match=rf"{package} is not installed: pip install '.\[score\]'"):
        read_score(tmp_path / name)


@pytest.mark.parametrize("content", ["", "no score", "<score-partwise>", "<a/>"])
def test_a_damaged_file_is_told(tmp_path, content):
    pytest.importorskip("partitura")
    path = tmp_path / "x.musicxml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"is not MusicXML that can be read|has no notes"):
        read_score(path)


def test_a_tempo_holds_until_the_next():
    assert [_seconds(quarter, [(0.0, 60.0), (2.0, 120.0)]) for quarter in (0.0, 1.0, 2.0, 4.0)] == [0, 1, 2, 3]
    assert _seconds(4.0, []) == 2.0
