"""What is no MIDI is told in a sentence; tempo, films' time and running status are read as they are meant."""

import struct

import mido
import pytest

from melodies.midi_file import read_midi

NOTE = bytes([0x00, 0x90, 60, 100, 0x60, 0x80, 60, 0])
END = bytes([0x00, 0xFF, 0x2F, 0x00])


def raw(*tracks, kind=0, division=96):
    """A file of these bytes of tracks."""
    head = b"MThd" + struct.pack(">LhHh", 6, kind, len(tracks), division)
    return head + b"".join(b"MTrk" + struct.pack(">L", len(track)) + track for track in tracks)


def on_and_off(file):
    """(Seconds, kind, pitch) of its notes."""
    return [(round(each.time_s, 6), each.message.type, each.message.note) for each in file.messages]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty: export it again."),
        (b"These are words.\n" * 20, "is not a MIDI file, whatever its name says"),
        (raw(NOTE + END)[:-3], "breaks off or is damaged: export it again."),
        (raw(NOTE + END)[:10], "breaks off or is damaged: export it again."),
        (raw(bytes([0x00, 60, 100]) + END), "breaks off or is damaged"),
        (raw(b"\x00\xff\x59\x02\x64\x64" + NOTE + END), "breaks off or is damaged"),
        (raw(NOTE + END, NOTE + END, kind=2), "holds several pieces side by side (format 2)"),
        (raw(NOTE + END, division=0), "says that a beat has no ticks"),
        (raw(NOTE + END, division=-25 * 256), "says that a beat has no ticks"),
        (raw(b"\xff\xff\xff\x7f\x90\x3c\x64" + END, division=1), "goes on for more than 4 hours"),
    ],
)
def test_what_is_no_midi_is_told_in_one_sentence(tmp_path, content, said):
    path = tmp_path / "x.mid"
    path.write_bytes(content)
    with pytest.raises(ValueError) as error:
        read_midi(path)
    assert said in str(error.value) and str(path) in str(error.value)


def test_any_byte_may_be_wrong(tmp_path):
    """Read or refused in a sentence, never another error."""
    path, good = tmp_path / "x.mid", raw(NOTE * 3 + b"\x00\xff\x51\x03\x07\xa1\x20" + END)
    for place in range(len(good)):
        for value in (0, 0x7F, 0x80, 0xF0, 0xFF):
            path.write_bytes(good[:place] + bytes([value]) + good[place + 1 :])
            try:
                read_midi(path)
            except ValueError as error:
                assert str(error).endswith(".")


def test_a_tempo_holds_until_the_next_one(tmp_path):
    """Two beats at half a second, then two at a second."""
    path = tmp_path / "x.mid"
    slow = b"\x81\x40\xff\x51\x03" + (1_000_000).to_bytes(3, "big")
    path.write_bytes(raw(slow + END, NOTE + b"\x81\x40\x90\x3e\x40\x60\x80\x3e\x00" + END, kind=1))
    file = read_midi(path)
    assert on_and_off(file) == [
        (0.0, "note_on", 60),
        (0.5, "note_off", 60),
        (2.0, "note_on", 62),
        (3.0, "note_off", 62),
    ]


def test_a_tempo_of_nothing_is_passed_over_and_counted(tmp_path):
    path = tmp_path / "x.mid"
    path.write_bytes(raw(b"\x00\xff\x51\x03\x00\x00\x00" + NOTE + END))
    file = read_midi(path)
    assert on_and_off(file)[1][0] == 0.5 and file.remarks == ["1 tempo of 0 passed over: the one before holds."]


@pytest.mark.parametrize(("division", "tick_s"), [(-25 * 256 + 40, 0.001), (-29 * 256 + 100, 1 / 2997)])
def test_time_of_films_has_no_tempo(tmp_path, division, tick_s):
    path = tmp_path / "x.mid"
    path.write_bytes(raw(b"\x00\xff\x51\x03\x0f\x42\x40" + NOTE + END, division=division))
    assert read_midi(path).messages[1].time_s == pytest.approx(96 * tick_s)


def test_running_status_and_velocity_0(tmp_path):
    path = tmp_path / "x.mid"
    path.write_bytes(raw(bytes([0, 0x90, 60, 100, 48, 60, 0, 0, 64, 90, 48, 64, 0]) + END))
    file = read_midi(path)
    assert [(each.message.note, each.message.velocity) for each in file.messages] == [
        (60, 100),
        (60, 0),
        (64, 90),
        (64, 0),
    ]
    assert file.messages[-1].time_s == 0.5


def test_mido_reads_what_is_written_here(tmp_path):
    """The bytes of these tests are MIDI."""
    path = tmp_path / "x.mid"
    path.write_bytes(raw(NOTE + END))
    assert [message.type for message in mido.MidiFile(path).tracks[0]] == ["note_on", "note_off", "end_of_track"]
