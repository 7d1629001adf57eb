"""How long a note is heard after its loudest moment."""

import pytest
import torch

from synths.descriptors.audio_commons.decay_time import STEP, decay_steps, whole_decay_steps


def noise(n_blocks):
    """Noise of even level, block by block."""
    blocks = torch.randn(n_blocks, STEP, dtype=torch.float64)
    return 0.1 * blocks / blocks.square().mean(-1, keepdim=True).sqrt()


@pytest.mark.parametrize("db_per_block", [0.5, 2.0])
def test_a_decay_takes_forty_db(db_per_block):
    """From the start of a fall of so many dB per block until it is 40 dB down, two blocks of blur."""
    fall = 10.0 ** (-db_per_block / 20.0 * torch.arange(200, dtype=torch.float64))
    audio = (noise(200) * fall[:, None]).flatten()[None]
    assert decay_steps(audio).item() == pytest.approx(40.0 / db_per_block, abs=2.0)


def test_the_attack_does_not_count():
    """The same decay after a rise is as long."""
    fall = 10.0 ** (-2.0 / 20.0 * torch.arange(50, dtype=torch.float64))
    level = torch.cat([torch.linspace(0.0, 0.9, 30, dtype=torch.float64), fall])
    audio = (noise(80) * level[:, None]).flatten()[None]
    assert decay_steps(audio).item() == pytest.approx(20.0, abs=2.0)


def test_a_steady_sound_peaks_in_its_middle():
    """Whichever block is loudest by a hair, half of it is left."""
    assert decay_steps(noise(100).flatten()[None]).item() == pytest.approx(50.0, abs=1.0)


def test_no_less_than_a_block():
    """A click and silence are defined."""
    click = torch.zeros(1, 3000, dtype=torch.float64)
    click[0, 1000] = 1.0
    assert decay_steps(click).item() == pytest.approx(1.0, abs=0.1)
    assert decay_steps(torch.zeros(1, 3000)).isfinite().all()


def test_whole_steps_are_counted():
    """From the loudest block to the first 40 dB below it; to the end where there is none; nothing for silence."""
    envelope = torch.tensor(
        [[0.5, 1.0, 0.5, 0.02, 0.009, 0.5], [1.0, 0.9, 0.8, 0.7, 0.6, 0.5], [0.0, 0.2, 0.9, 0.0, 0.0, 0.0]]
    )
    assert whole_decay_steps(envelope.repeat_interleave(256, dim=1)).tolist() == [3.0, 6.0, 1.0]
