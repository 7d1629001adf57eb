"""What is asked of knobs becomes what a player is set to: places, moves, curves, controllers."""

from pathlib import Path

import numpy as np
import pytest

from melodies.knob_places import reading_at
from melodies.melody_player import MelodyPlayer
from timbre.asked import AskedKnobs
from timbre.knob_curves import read_knob_curves
from timbre.melody_instrument import controller_map, melody_instrument, player_settings
from timbre.requests import parsed_requests

LEVEL, SHARPNESS = 0, 1


@pytest.fixture(scope="module")
def synth():
    return melody_instrument(Path("synth"))


def asked(instrument, places=(), moves=(), curves=()):
    """Curves of a note of a second under what is asked: (F, C) readings."""
    requests = AskedKnobs(
        [*parsed_requests(list(places), "--set"), *parsed_requests(list(moves), "--nudge")], list(curves)
    )
    player = MelodyPlayer(instrument.played, player_settings(instrument, None, requests, False, 8))
    player.on(0.0, 1, 60.0, 0.5)
    player.off(1.0, 1)
    player.finish(1.0)
    knobs = instrument.played.knobs
    positions = player.finished[0].asked[:100]
    return np.stack([reading_at(knob, positions[:, index]) for index, knob in enumerate(knobs)], axis=1)


def test_a_place_is_a_position_or_in_the_unit(synth):
    assert asked(synth, places=["sharpness=1.8acum"])[:, SHARPNESS] == pytest.approx(1.8)
    knob = synth.played.knobs[SHARPNESS]
    half = 0.5 * (knob.low + knob.high)
    assert asked(synth, places=["sharpness=0.5"])[:, SHARPNESS] == pytest.approx(half)


@pytest.mark.parametrize(("move", "by"), [("+0.2acum", 0.2), ("+2jnd", 0.16), ("-0.1", None)])
def test_a_move_is_from_where_the_note_is(synth, move, by):
    knob = synth.played.knobs[SHARPNESS]
    moved = asked(synth, moves=[f"sharpness={move}"])[:, SHARPNESS] - asked(synth)[:, SHARPNESS]
    assert moved == pytest.approx(-0.1 * (knob.high - knob.low) if by is None else by)


def test_a_place_of_the_level_is_the_top_of_the_note(synth):
    """Its course stays; a move moves all of it."""
    plain = asked(synth)[:, LEVEL]
    placed = asked(synth, places=["level=-30dB"])[:, LEVEL]
    assert placed.max() == pytest.approx(-30.0, abs=0.2)
    assert placed - placed.max() == pytest.approx(plain - plain.max())
    assert asked(synth, moves=["level=-6dB"])[:, LEVEL] == pytest.approx(plain - 6.0)


def test_a_curve_is_followed_over_time(synth, tmp_path):
    (tmp_path / "knobs.csv").write_text("time_s,sharpness_acum\n0.0,1.4\n1.0,2.4\n", encoding="utf-8")
    followed = asked(synth, curves=read_knob_curves(tmp_path / "knobs.csv"))[:, SHARPNESS]
    assert followed == pytest.approx(1.4 + 0.01 * np.arange(1, 101))


def test_controllers_as_on_the_page_or_as_mapped(synth):
    nothing, placed = AskedKnobs([], []), AskedKnobs(parsed_requests(["sharpness=0.5"], "--set"), [])
    usual = controller_map(synth, None, nothing)
    assert (usual.knobs, usual.vibrato, usual.volume) == ({74: SHARPNESS}, {1}, {7, 11})
    assert controller_map(synth, None, placed).knobs == {}
    mapped = controller_map(synth, {20: "noisiness", 2: "vibrato", 7: "volume"}, nothing)
    assert (mapped.knobs, mapped.vibrato, mapped.volume) == ({20: 4}, {2}, {7})


def test_presets_by_name_and_the_first_without(synth):
    assert synth.preset(None)["name"] == "usual" and synth.pitches is not None
    with pytest.raises(ValueError, match="has no preset of that name"):
        synth.preset("violin")
    orchestra = melody_instrument(Path("orchestra"))
    assert orchestra.preset(None)["name"] == orchestra.preset_names[0]
    assert orchestra.preset("violin")["name"] == "violin" and orchestra.pitches[0] < orchestra.pitches[1]
