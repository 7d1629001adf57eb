"""Whose turn it is to be corrected."""

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


def test_voices_that_frame_together_share_the_steps_while_a_knob_moves(in_node):
    """One step fits into a block, and all frames fall into the first of three: the others wait for their block."""
    assert in_node("exact.js", STEPS) == [60, 60, 60]
