"""Whose turn it is to be corrected."""

from itertools import pairwise

import pytest

pytestmark = pytest.mark.browser

STEPS = """(() => {
    const numbers = () => ({ dense: new Float32Array(1) });
    const steps = [0, 0, 0];
    const names = ["asked", "gains", "f0_hz", "amplitudes", "noise_magnitudes"];
    const inputs = Object.fromEntries(names.map((name) => [name, numbers()]));
    const graph = { inputs, run: () => { steps[inputs.f0_hz.dense[0]]++; }, read: () => {} };
    const exact = new Exact({ correction_knobs: [0] }, graph);
    const voices = steps.map((_, number) => ({ player: { about: { level: -1 } }, asked: [0], far: [0], magnitudes: [0],
        f0_now: number, active: true, correction: exact.memory() }));
    for (let hop = 0; hop < 60; hop++) {
      for (const voice of voices) voice.asked[0] += 0.01;
      for (let block = 0; block < 3; block++) {
        exact.refill();
        if (block === 0) for (const voice of voices) exact.follow(voice);
      }
    }
    return steps;
})()"""


PACES = """(() => {
    const numbers = () => ({ dense: new Float32Array(1) });
    const names = ["asked", "gains", "f0_hz", "amplitudes", "noise_magnitudes"];
    let hop = 0, change = 0;
    const steps = [];
    const graph = { inputs: Object.fromEntries(names.map((name) => [name, numbers()])), run: () => steps.push(hop),
        read: (_, gains) => { gains[0] += change; } };
    const exact = new Exact({ correction_knobs: [0] }, graph);
    const voice = { player: { about: { level: -1 } }, asked: [0], far: [0], magnitudes: [0], f0_now: 1, active: true,
        correction: exact.memory() };
    for (; hop < 200; hop++) {
      change = hop < 100 ? 0 : 0.1;
      exact.refill();
      exact.follow(voice);
    }
    return steps;
})()"""


def test_steps_that_change_nothing_become_seldom_and_come_back(in_node):
    """After a first one, 16 and then 24 hops apart; every 8 as soon as one changes something again."""
    steps = in_node("exact.js", PACES)
    assert [later - earlier for earlier, later in pairwise(steps)] == [16, 24, 24, 24, 24, *[8] * 10]


def test_voices_that_frame_together_share_the_steps_while_a_knob_moves(in_node):
    """One step fits into a block, and all frames fall into the first of three: the others wait for their block."""
    assert in_node("exact.js", STEPS) == [60, 60, 60]
