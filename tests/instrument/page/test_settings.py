"""Settings survive the address, are taken back and compared, and reach the audio thread as what has changed."""

import base64

import pytest

pytestmark = pytest.mark.browser

ABOUT = {
    "level": 0,
    "residual_size": 2,
    "knobs": [{"name": name} for name in ("level", "sharpness", "noisiness")],
    "presets": [{"name": "flute", "shares": [0.5, 0.3, 0.1], "lowest_midi": 60, "residual": [[1, 2]]}],
    "envelopes": [{"name": "flute", "cells": []}],
}
PLAIN = {**ABOUT, "presets": [], "envelopes": []}


def run(in_node, expression, about=ABOUT, **given):
    """An expression over `about` and the first settings."""
    program = f"(() => {{ const {{ about }} = given; const first = firstSettings(about); {expression} }})()"
    return in_node("settings.js", program, about=about, **given)


def test_it_begins_with_the_first_preset(in_node):
    first = run(in_node, "return first;")
    assert first["shares"] == [0.5, 0.3, 0.1] and first["envelope"] == "flute" and first["residual"] == [0, 0]
    assert run(in_node, "return first.shares;", PLAIN) == [0.5, 0.5, 0.5]


@pytest.mark.parametrize("about", [ABOUT, PLAIN], ids=["presets", "none"])
def test_the_address_gives_back_what_was_set(in_node, about):
    change = """const set = { ...first, shares: [0.5, 0.123, 0.9], residual: [0.5, -1.25], level_db: -6, mono: true,
        keep: true, exact: false, glide_ms: 120 };
        return [set, settingsFromHash(about, "#" + settingsToHash(about, set)), settingsToHash(about, first)];"""
    was, came, nothing = run(in_node, change, about)
    assert came == was and nothing == ""


def test_the_address_may_leave_the_preset(in_node):
    """No preset, and a knob where that preset would have had it."""
    was, came = run(in_node, """const set = { ...first, preset: "", envelope: "", shares: [0.5, 0.3, 0.5] };
        return [set, settingsFromHash(about, settingsToHash(about, set))];""")  # fmt: skip
    assert came == was


def test_what_an_address_says_wrongly_is_left_out_or_brought_into_range(in_node):
    hash_ = "#sharpness=7&noisiness=loud&nosuch=1&residual=1,2,3&level_db=99&preset=tuba&glide_ms=-4"
    came = run(in_node, "return settingsFromHash(about, given.hash);", hash=hash_)
    assert came["shares"] == [0.5, 1, 0.1] and came["residual"] == [0, 0]
    assert (came["level_db"], came["glide_ms"], came["preset"]) == (12, 1, "flute")


def test_a_drag_is_one_step_back_and_forth(in_node):
    steps = """const desk = new Desk(about, first); const seen = [];
        for (const value of [0.4, 0.5, 0.6]) desk.share(1, value);
        desk.settle(); desk.share(1, 0.9); desk.change({ mono: true });
        for (const does of ["undo", "undo", "undo", "undo", "redo", "redo"]) {
          desk[does](); seen.push([desk.now.shares[1], desk.now.mono]);
        }
        return seen;"""
    there = [[0.9, False], [0.6, False], [0.3, False], [0.3, False], [0.6, False], [0.9, False]]
    assert run(in_node, steps) == there


def test_two_slots_keep_a_sound_each(in_node):
    """The second begins as a copy; how one plays is the same for both."""
    steps = """const desk = new Desk(about, first);
        desk.compare("B"); desk.share(1, 0.8); desk.change({ mono: true });
        desk.compare("A"); const a = [desk.now.shares[1], desk.now.mono];
        desk.compare("B"); return [a, [desk.now.shares[1], desk.now.mono]];"""
    assert run(in_node, steps) == [[0.3, True], [0.8, True]]


def test_only_what_changed_is_told(in_node):
    """Never the level's share, which is the player's."""
    all_of_it = run(in_node, "return settingMessages(about, first);")
    assert [message["do"] for message in all_of_it] == ["knob", "knob", "preset", "residual", "set", "set"]
    assert all_of_it[2]["preset"] == {"lowest_midi": 60, "residual": [[1, 2]]}
    one = run(in_node, "return settingMessages(about, { ...first, shares: [0.1, 0.3, 0.7], mono: true }, first);")
    assert one == [{"do": "knob", "index": 2, "share": 0.7}, {"do": "set", "mono": True}]


def test_a_bank_is_opened(in_node):
    cell = {"db": base64.b64encode(bytes([0, 1, 40])).decode(), "loop": None, "release": 2, "midi": 60, "velocity": 1}
    opened = in_node("settings.js", "[...openedBank(given.bank).cells[0].db]", bank={"cells": [cell]})
    assert opened == [0, -0.5, -20]
