"""Bytes of MIDI become events, and those messages of the instrument."""

import pytest

pytestmark = pytest.mark.browser

PLAYED = """(() => {
  const sent = [];
  const input = new MidiInput({
    send: (message) => sent.push(message), note: (id, midi, velocity) => sent.push([id, midi, velocity]),
    turn: (knob, share) => sent.push(["turn", knob, share]), vibrato: (amount) => sent.push(["vibrato", amount]),
    hold: (down) => sent.push(["hold", down]), map: {},
  });
  input.onLearnt = (controller, knob) => sent.push(["learnt", controller, knob]);
  for (const each of given.bytes) { if (each === "learn") input.learning = 3; else input.receive(each); }
  return sent;
})()"""


def sent(in_node, *messages):
    """What an input sends on."""
    return in_node("midi.js", PLAYED, bytes=list(messages))


def zone(size, channel=0):
    """The bytes that set a zone of MPE up."""
    return [0xB0 | channel, 101, 0], [0xB0 | channel, 100, 6], [0xB0 | channel, 6, size]


@pytest.mark.parametrize(
    ("message", "event"),
    [
        ([0x92, 60, 127], {"kind": "on", "channel": 2, "note": 60, "velocity": 1}),
        ([0x80, 60, 64], {"kind": "off", "channel": 0, "note": 60, "velocity": 0}),
        ([0x90, 60, 0], {"kind": "off", "channel": 0, "note": 60, "velocity": 0}),
        ([0xB0, 7, 127], {"kind": "control", "channel": 0, "controller": 7, "amount": 1}),
        ([0xD1, 127], {"kind": "pressure", "channel": 1, "amount": 1}),
        ([0xA0, 60, 0], {"kind": "key pressure", "channel": 0, "note": 60, "amount": 0}),
        ([0xE0, 0, 64], {"kind": "bend", "channel": 0, "share": 0}),
        ([0xE0, 127, 127], {"kind": "bend", "channel": 0, "share": 1}),
        ([0xE0, 0, 0], {"kind": "bend", "channel": 0, "share": -1}),
        ([0xF8], None),
    ],
)
def test_a_message_is_an_event(in_node, message, event):
    assert in_node("midi.js", "midiEvent(given.message)", message=message) == event


def test_notes_bend_wheel_pedal_and_pressure(in_node):
    """The bend is two semitones unless a controller says otherwise."""
    found = sent(
        in_node, [0x90, 60, 127], [0xE0, 127, 127], [0xB0, 1, 127], [0xB0, 64, 127], [0xD0, 127], [0x80, 60, 0]
    )
    assert found == [
        ["midi 0 60", 60, 1], {"do": "bend", "semitones": 2}, ["vibrato", 1], ["hold", True],
        {"do": "pressure", "amount": 1}, ["midi 0 60", 60, 0],
    ]  # fmt: skip
    wide = sent(in_node, [0xB0, 101, 0], [0xB0, 100, 0], [0xB0, 6, 12], [0xE0, 127, 127])
    assert wide == [{"do": "bend", "semitones": 12}]


def test_a_controller_is_learnt_and_turns_its_knob(in_node):
    """The one that moves first; what it turned before, it turns no more."""
    found = sent(
        in_node, [0xB0, 21, 50], "learn", [0xB0, 21, 50], [0xB0, 21, 127], "learn", [0xB0, 22, 0], [0xB0, 21, 9]
    )
    assert found == [["learnt", 21, 3], ["turn", 3, 1], ["learnt", 22, 3]]


def test_a_zone_bends_and_presses_each_note_alone(in_node):
    """A controller bends before it plays: the note begins bent. 48 semitones unless it says otherwise."""
    found = sent(in_node, *zone(15), [0xE1, 127, 127], [0x91, 60, 127], [0x92, 64, 127], [0xD2, 127], [0xE0, 127, 127])
    assert found == [
        ["midi 1 60", 60, 1], {"do": "bend", "semitones": 48, "id": "midi 1 60"}, ["midi 2 64", 64, 1],
        {"do": "pressure", "amount": 1, "id": "midi 2 64"}, {"do": "bend", "semitones": 2},
    ]  # fmt: skip


def test_the_upper_zone_counts_down(in_node):
    found = sent(in_node, *zone(1, channel=15), [0x9E, 60, 127], [0xEE, 0, 0], [0x9D, 62, 127], [0xED, 0, 0])
    assert found[1] == {"do": "bend", "semitones": -48, "id": "midi 14 60"}
    assert found[3] == {"do": "bend", "semitones": -2}
