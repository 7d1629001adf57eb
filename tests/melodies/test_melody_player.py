"""The same curves as the page's: cases that player.js has played."""

import base64
import json
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from melodies.knob_places import hz_to_midi
from melodies.melody_player import MelodyPlayer
from melodies.note_courses import bank_performer
from melodies.played_instrument import KnobCourse, PlayedInstrument, first_settings
from melodies.preset_residual import residual_at

HERE = Path(__file__).parent
CASES = json.loads((HERE / "player_vectors.json").read_text(encoding="utf-8"))


def instrument_of(about):
    """What a case says of the instrument."""
    knobs = [SimpleNamespace(**knob) for knob in about["knobs"]]
    return PlayedInstrument(about["sample_rate"], about["hop"], knobs, about["level"], about.get("level_fit"))


def player_of(case):
    """A player, set as a case says."""
    given, settings = case["settings"], first_settings(len(case["about"]["knobs"]))
    for name in ("mono", "glide_s", "vibrato", "level_db", "most"):
        setattr(settings, name, given.get(name, getattr(settings, name)))
    for name in ("shares", "pressures"):
        setattr(settings, name, np.array(given.get(name, getattr(settings, name)), float))
    if "cells" in given:
        settings.performer = bank_performer([{**cell, "db": in_bytes(cell["db"])} for cell in given["cells"]])
    return MelodyPlayer(instrument_of(case["about"]), settings)


def in_bytes(db):
    """Levels as a page's bank holds them."""
    return base64.b64encode(np.round(-2.0 * np.array(db)).astype(np.uint8).tobytes()).decode()


def happen(player, time_s, does, *given):
    """One event of a case."""
    player.until(time_s)
    if does in ("on", "off", "pedal", "panic"):
        getattr(player, does)(time_s, *given)
    elif does == "share":
        player.settings.shares[given[0]] = given[1]
    elif does == "place":
        player.settings.places[given[0]] = KnobCourse(np.zeros(1), np.array([given[1]]))
    elif does == "level":
        player.settings.level_db = given[0]
    elif does == "vibrato":
        player.settings.vibrato = given[0]
    elif len(given) == 2:
        setattr(player.voice_of(given[1]), does, given[0])
    else:
        player.bend = given[0]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_curves_are_those_of_the_page(case):
    """Which keeps them in single precision."""
    player = player_of(case)
    for event in case["events"]:
        happen(player, *event)
    player.until(case["seconds"])
    voices = sorted([*player.finished, *(voice.curves() for voice in player.each_voice())], key=lambda v: v.start_s)
    assert [round(voice.start_s, 6) for voice in voices] == [each["start_s"] for each in case["voices"]]
    for voice, page in zip(voices, case["voices"], strict=True):
        assert len(voice.f0_hz) == len(page["f0_hz"])
        assert voice.f0_hz == pytest.approx(np.array(page["f0_hz"]), rel=1e-6)
        for name in ("asked", "controls"):
            np.testing.assert_allclose(getattr(voice, name), np.array(page[name]), atol=2e-6)
        is_last_silent = page["gain"][-1] == 0.0
        sounding = slice(0, -1 if is_last_silent else None)
        gain = 10.0 ** (voice.gain_db[sounding] / 20.0)
        np.testing.assert_allclose(gain, np.array(page["gain"])[sounding], rtol=1e-5)
        residual = residual_at(case["settings"].get("preset"), hz_to_midi(voice.f0_hz), case["about"]["residual_size"])
        np.testing.assert_allclose(residual, np.array(page["residual"]).reshape(residual.shape), atol=2e-6)


@pytest.mark.browser
def test_the_page_still_plays_the_cases_so():
    if shutil.which("node") is None:
        pytest.skip("Node is not installed.")
    said = subprocess.run(["node", str(HERE / "play_vectors.js")], capture_output=True, text=True)
    assert not said.returncode, said.stderr
    assert json.loads(said.stdout) == CASES
