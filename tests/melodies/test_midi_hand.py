"""What controllers, bends and pressure do to the notes of a part; every note that cannot be played is counted."""

from types import SimpleNamespace

import mido
import numpy as np
import pytest

from melodies.melody_player import MelodyPlayer
from melodies.midi_file import TimedMessage
from melodies.midi_hand import ControllerMap, MidiHand, zone_members
from melodies.played_instrument import PlayedInstrument, first_settings
from melodies.player_hand import PlayerHand, Tally, note_name, octaves_into, tally_sentences

KNOBS = [
    SimpleNamespace(
        name="level", unit="dB", curve="linear", low=-80.0, high=0.0, reach=[(21, 0.0, 1.0), (117, 0.0, 1.0)]
    ),
    SimpleNamespace(
        name="sharpness", unit="acum", curve="linear", low=0.0, high=2.0, reach=[(21, 0.2, 0.8), (117, 0.2, 0.8)]
    ),
]


def performed(*messages, members=(), semitones=0, pitches=None, most=32):
    """(Seconds, type, what it says) -> player and tally."""
    settings = first_settings(2)
    settings.most = most
    settings.pressures[1] = 0.4
    hand = PlayerHand(MelodyPlayer(PlayedInstrument(16000, 160, KNOBS, 0), settings), semitones, pitches)
    midi = MidiHand(hand, ControllerMap({74: 1}), frozenset(members))
    for time_s, kind, said in messages:
        midi.receive(TimedMessage(time_s, 0, mido.Message(kind, **said)))
    hand.finish(messages[-1][0])
    return hand.player.finished, hand.tally


def held(pitch, *between, end_s=1.0, channel=0):
    """A note with something happening meanwhile."""
    begins = (0.0, "note_on", {"note": pitch, "velocity": 127, "channel": channel})
    return [begins, *between, (end_s, "note_off", {"note": pitch, "channel": channel})]


def control(time_s, number, value, channel=0):
    return time_s, "control_change", {"control": number, "value": value, "channel": channel}


def midi_at(voice, time_s):
    return 69 + 12 * np.log2(voice.f0_hz[round(time_s / 0.01)] / 440)


def test_a_controller_goes_over_the_reach():
    voices, _ = performed(*held(60, control(0.5, 74, 127)))
    assert voices[0].asked[40, 1] == pytest.approx(0.5) and voices[0].asked[60, 1] == pytest.approx(0.8)
    assert 0.5 < voices[0].controls[50, 1] < 0.8


def test_volume_and_expression_move_the_level():
    """A half is 12 dB less; reset takes expression back."""
    voices, _ = performed(*held(60, control(0.5, 11, 64), control(0.7, 121, 0)))
    course = 80.0 * voices[0].asked[:, 0] - 80.0
    assert course[55] - course[45] == pytest.approx(40 * np.log10(64 / 127), abs=0.6)
    assert course[75] - course[65] == pytest.approx(-40 * np.log10(64 / 127), abs=0.6)


def test_the_wheel_is_vibrato():
    voices, _ = performed(control(0.0, 1, 127), *held(60, end_s=1.5))
    cents = 100 * (midi_at(voices[0], 0) - 60), 100 * np.ptp(69 + 12 * np.log2(voices[0].f0_hz[80:140] / 440))
    assert cents[0] == pytest.approx(0.0, abs=1e-6) and cents[1] == pytest.approx(100.0, abs=2.0)


def test_a_bend_reaches_two_semitones_or_what_is_registered():
    bend = (0.5, "pitchwheel", {"pitch": 8191})
    voices, _ = performed(*held(60, bend))
    assert midi_at(voices[0], 0.6) == pytest.approx(62.0)
    wide = [control(0.0, 101, 0), control(0.0, 100, 0), control(0.0, 6, 12)]
    voices, _ = performed(*wide, *held(60, bend))
    assert midi_at(voices[0], 0.6) == pytest.approx(72.0)


def test_notes_of_a_zone_bend_and_press_alone():
    """Two channels: one bends before it plays, by 48 semitones at most."""
    messages = [
        (0.0, "pitchwheel", {"pitch": 4096, "channel": 1}),
        (0.0, "note_on", {"note": 60, "velocity": 127, "channel": 1}),
        (0.0, "note_on", {"note": 60, "velocity": 127, "channel": 2}),
        (0.5, "aftertouch", {"value": 127, "channel": 2}),
        (1.0, "note_off", {"note": 60, "channel": 1}),
        (1.0, "note_off", {"note": 60, "channel": 2}),
    ]
    voices, _ = performed(*messages, members=(1, 2))
    assert [midi_at(voice, 0.2) for voice in voices] == pytest.approx([84.0, 60.0], abs=0.01)
    assert [voice.asked[60, 1] for voice in voices] == pytest.approx([0.5, 0.5 + 0.4 * 0.6])


def test_the_pedal_holds_and_lets_go():
    lasting = [len(performed(*held(60, end_s=0.2), control(0.9, 64, 0))[0][0].f0_hz)]
    lasting.append(len(performed(control(0.0, 64, 127), *held(60, end_s=0.2), control(0.9, 64, 0))[0][0].f0_hz))
    assert lasting[1] - lasting[0] == pytest.approx(70, abs=1)


def test_what_cannot_be_played_is_counted():
    zero = (0.0, "note_on", {"note": 60, "velocity": 9}), (0.0, "note_off", {"note": 60})
    high = held(127)
    foreign = held(90)
    hanging = [(0.0, "note_on", {"note": 64, "velocity": 9}), (0.5, "note_on", {"note": 65, "velocity": 0})]
    assert performed(*zero)[1] == Tally(played=1, without_length=1)
    assert performed(*high)[1] == Tally(too_high=1) and performed(*high)[0] == []
    assert performed(*foreign, pitches=(48, 72))[1] == Tally(played=1, foreign=1)
    assert performed(*foreign, pitches=(48, 72), semitones=-24)[1] == Tally(played=1)
    assert performed(*hanging)[1] == Tally(played=1, hanging=1)


def test_ten_thousand_notes_at_once():
    """Some sound, the others are counted; ids tell them apart, as 128 keys of 16 channels would not."""
    hand = PlayerHand(MelodyPlayer(PlayedInstrument(16000, 160, KNOBS, 0), first_settings(2)))
    for number in range(10_000):
        hand.on(0.0, number, 40.0 + number % 60, 0.8)
    for number in range(10_000):
        hand.off(0.5, number)
    hand.finish(0.5)
    assert hand.tally == Tally(played=10_000, cut=9_968) and len(hand.player.finished) == 32
    assert tally_sentences(hand.tally, None, 32) == [
        "9968 notes cut short, because 32 sound at most: --most N allows more."
    ]


def test_zones_names_and_octaves():
    assert zone_members(0, 3) == [1, 2, 3] and zone_members(15, 2) == [14, 13]
    assert [note_name(midi) for midi in (60, 61, 69, 21)] == ["C4", "C♯4", "A4", "A0"]
    assert [octaves_into((48, 72), midi) for midi in ([50, 60], [40, 44], [96], [])] == [0, 1, -2, 0]
