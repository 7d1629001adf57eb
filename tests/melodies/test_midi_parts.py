"""Which notes one player plays, and which controllers go with them."""

import mido

from melodies.midi_file import read_midi
from melodies.midi_parts import midi_parts


def test_tracks_and_channels_are_parts(tmp_path, write_midi, notes):
    """A track of one channel twice, a second channel, drums."""
    first = [(0.0, mido.MetaMessage("track_name", name="Flute ")), *notes([(0.0, 0.5, 60, 80)])]
    second = [
        *notes([(0.0, 0.5, 64, 80)]),
        *notes([(0.5, 0.5, 48, 80), (1.0, 0.5, 50, 80)], 2),
        *notes([(0, 1, 38, 9)], 9),
    ]
    parts = midi_parts(read_midi(write_midi(tmp_path / "x.mid", first, second)))
    assert [(part.track, part.channel, part.name, part.n_notes, part.is_drums) for part in parts] == [
        (0, 0, "Flute", 1, False),
        (1, 0, "", 1, False),
        (1, 2, "", 2, False),
        (1, 9, "", 1, True),
    ]


def test_controllers_of_a_track_without_notes_go_to_all_parts_of_the_channel(tmp_path, write_midi, notes):
    """Those of a track with notes stay there."""
    turned = [(0.25, mido.Message("control_change", control=74, value=9))]
    own = [(0.25, mido.Message("control_change", control=71, value=9)), *notes([(0.0, 0.5, 60, 80)])]
    parts = midi_parts(read_midi(write_midi(tmp_path / "x.mid", turned, own, notes([(0.0, 0.5, 64, 80)]))))
    kinds = [
        [each.message.control for each in part.messages if each.message.type == "control_change"] for part in parts
    ]
    assert kinds == [[74, 71], [74]]
    assert [each.time_s for each in parts[1].messages] == [0.0, 0.25, 0.5]


def test_the_channels_of_a_zone_are_one_part(tmp_path, write_midi, notes):
    """RPN 6 on the first channel: three channels of notes behind it."""
    zone = [(0.0, mido.Message("control_change", control=c, value=v)) for c, v in ((101, 0), (100, 6), (6, 3))]
    played = [event for channel in (1, 2, 3, 4) for event in notes([(0.1 * channel, 0.5, 60 + channel, 80)], channel)]
    parts = midi_parts(read_midi(write_midi(tmp_path / "x.mid", [*zone, *played], kind=0)))
    assert [(part.channel, sorted(part.members), part.n_notes) for part in parts] == [(0, [1, 2, 3], 3), (4, [], 1)]
