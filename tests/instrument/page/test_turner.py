"""A recording is turned by its own parts: without a turn it is itself, turned it reads what was asked."""

import base64

import numpy as np
import pytest
import torch

from instrument.page_code import page_code
from synths import ClipFormat, Level, Sharpness

pytestmark = pytest.mark.browser

RATE, HOP = 16000, 160
TURNED = """(() => {
    const bytes = (text) => Uint8Array.from(Buffer.from(text, "base64")).buffer;
    const player = new Player(given.about, bytes(given.blob), bytes(given.code));
    player.turn(takenApart(given.sound, given.about));
    const start = [...player.shares];
    player.shares[1] += given.move;
    player.turner.begin();
    const sound = new Float32Array(16000);
    player.render(sound, 16000);
    player.measure();
    const readings = [...player.readings];
    player.turn(null);
    const rest = new Float32Array(480);
    player.render(rest, 480);
    return { start, sound: [...sound], readings, rest: [...rest], ended: player.turner === null };
})()"""


@pytest.fixture(scope="module")
def sound():
    """A tone of twelve partials that swells, with some noise, (N,)."""
    time_s = np.arange(RATE) / RATE
    tone = sum(np.cos(2 * np.pi * 196.0 * n * time_s + n * n) / n**1.5 for n in range(1, 13))
    noise = np.random.default_rng(0).normal(size=RATE)
    return ((0.1 + 0.1 * time_s) * (tone + 0.01 * noise)).astype(np.float32)


@pytest.fixture(scope="module")
def turned(in_node, parts, sound):
    """By so many shares of the sharpness that notes of the pitch reach."""
    blob, code = (base64.b64encode(each).decode() for each in (parts.blob, page_code()))
    given = {"about": parts.about, "blob": blob, "code": code, "sound": sound.tolist()}
    return lambda move: in_node("player.js apart.js", TURNED, **given, move=move)


def heard(sound):
    """Median level and sharpness of what sounds, by the descriptors themselves."""
    clip = ClipFormat(RATE, RATE, HOP)
    audio, f0_hz = torch.tensor(sound, dtype=torch.float32)[None], torch.full((1, 100), 196.0)
    return [float(kind(clip).measure(audio, f0_hz)[0, 20:80].median()) for kind in (Level, Sharpness)]


def test_unturned_it_is_itself(turned, sound):
    """To the last bit; where it stands is where the descriptors read it."""
    same = turned(0.0)
    assert np.array_equal(np.array(same["sound"], np.float32), sound)
    assert same["ended"] and np.abs(same["rest"][-100:]).max() == 0.0
    level_db, sharpness = heard(sound)
    assert same["readings"][1] == pytest.approx(sharpness, abs=0.04)
    assert level_db < same["readings"][0] < level_db + 5.0  # of the end, where it has swollen


@pytest.mark.parametrize("move", [-0.2, 0.4])
def test_the_sound_moves_as_far_as_was_asked_and_the_level_holds(turned, sound, parts, move):
    """By the descriptors on the sound: sharpness within a third of its JND, level within half a decibel."""
    (level_db, sharpness), knob = heard(sound), parts.about["knobs"][1]
    after_db, after = heard(turned(move)["sound"])
    reach = min(knob["reach"], key=lambda row: abs(row[0] - 55)) if knob["reach"] else [55, 0.0, 1.0]
    asked = move * (reach[2] - reach[1]) * (knob["high"] - knob["low"])
    assert abs(asked) > 0.06
    assert after - sharpness == pytest.approx(asked, abs=0.027 + 0.05 * abs(asked))
    assert after_db == pytest.approx(level_db, abs=0.5)
