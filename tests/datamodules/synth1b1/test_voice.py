"""Sounds are those of the corpus to the bit, whichever are asked for."""

import hashlib
import math
import sys

import numpy as np
import pytest
import torch

from datamodules.synth1b1.voice import FROZEN, Voice


@pytest.fixture(scope="module")
def voice() -> Voice:
    return Voice(pitched=False)


@pytest.mark.parametrize(
    "batch, digest", [(0, "0535b56438daa6e9 d35"), (1, "740ef8e570e9ebec c39"), (72, "f9eec8b808b51f0b 542")]
)
def test_parameters_are_those_of_the_corpus(voice, batch, digest):
    values = voice.parameters(range(128 * batch, 128 * batch + 128))
    found = hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()
    assert digest == f"{found[:16]} {found[-3:]}"


def test_sound_is_that_of_the_corpus(voice):
    level = np.sqrt((voice.render([0, 1, 2, 3]).astype(np.float64) ** 2).mean(axis=1))
    assert level == pytest.approx([0.086083, 0.080068, 0.165596, 0.334165], rel=1e-3)


@pytest.mark.parametrize("pitched", [False, True])
def test_whichever_sounds_are_asked_for_they_are_those_of_whole_batches(pitched):
    official = Voice(pitched).synth
    whole = {batch: official(batch) for batch in (3, 40)}
    ids = [40 * 32 + 7, 3 * 32 + 7, 3 * 32 + 30, 40 * 32 + 8, 40 * 32]  # two of them with the same noise
    voice = Voice(pitched)
    audio, parameters = voice.render(ids), voice.parameters(ids)
    for row, sound_id in enumerate(ids):
        batch, place = divmod(sound_id, 32)
        assert np.array_equal(audio[row], whole[batch][0][place].as_subclass(torch.Tensor).numpy())
        assert np.array_equal(parameters[row], whole[batch][1][place].as_subclass(torch.Tensor).numpy())


def test_knobs_have_units(voice):
    knob = voice.in_units(voice.parameters([5, 9]))
    assert len(knob) == 78
    voice.turn_knobs([5, 9])
    for module, name in (("keyboard", "duration"), ("vco_1", "mod_depth"), ("mixer", "noise"), ("lfo_1", "frequency")):
        assert knob[f"{module}.{name}"] == pytest.approx(getattr(voice.synth, module).p(name)[:2].detach().numpy())


def test_the_variant_freezes_four_parameters(voice):
    pitched = Voice(pitched=True)
    knob = pitched.in_units(pitched.parameters([3, 4]))
    assert all((knob[f"{module}.{name}"] == value).all() for (module, name), value in FROZEN.items())
    assert ((pitched.parameters([3, 4]) != voice.parameters([3, 4])).any(axis=0)).sum() == len(FROZEN)


def test_one_to_32_sounds_are_rendered_at_once(voice):
    for ids in ([], range(33)):
        with pytest.raises(ValueError, match="1 to 32"):
            voice.render(ids)


def test_importing_torchsynth_leaves_no_trace(voice):
    assert torch.pi == math.pi and "pytorch_lightning.core.lightning" not in sys.modules
