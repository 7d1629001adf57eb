"""ViSQOL scores identity highest, noise lower, and never falls over."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest
import torch

from evaluation.resynthesis import ViSQOL
from evaluation.resynthesis.visqol import _Opinions


def test_identity_scores_highest_and_noise_lower(clip, tone, noise, pair_of):
    target = sum(tone(220.0 * partial, amplitude=0.2 / partial) for partial in range(1, 9))
    pair = pair_of(target.repeat(2, 1), torch.cat([target, target + 10 * noise(amplitude=0.02)]))
    identical, noisy = ViSQOL(clip)(pair).tolist()
    assert identical == pytest.approx(4.732, abs=2e-3)
    assert noisy < 4.5


def test_silence_and_what_is_not_a_number_are_undefined(clip, tone, pair_of):
    silence = torch.zeros(1, clip.n_samples)
    target = torch.cat([silence, tone(440.0), tone(440.0)])
    output = torch.cat([tone(440.0), silence, torch.nan * silence])
    assert ViSQOL(clip)(pair_of(target, output)).isnan().all()


def test_a_note_too_short_is_undefined(clip, tone, pair_of):
    """A tenth of a second has an opinion, less has none."""
    short = tone(440.0)
    short[:, 640:] = 0.0  # and as much again as the window of the level reaches
    assert ViSQOL(clip)(pair_of(short, short)).isnan().all()
    longer = tone(440.0)
    longer[:, 1600:] = 0.0
    assert ViSQOL(clip)(pair_of(longer, longer)).item() == pytest.approx(4.732, abs=2e-3)


@pytest.mark.parametrize("length", [3200, 8000])
def test_a_short_note_is_worth_what_a_long_one_is(length, clip, tone, noise, pair_of):
    """It is repeated; silence that is as good in both sides is not heard."""
    target = sum(tone(220.0 * partial, amplitude=0.2 / partial) for partial in range(1, 9))
    output = target + noise(amplitude=0.005)
    short = torch.zeros(1, clip.n_samples)
    short[:, :length] = 1.0
    long_one, short_one = ViSQOL(clip)(
        pair_of(torch.cat([target, target * short]), torch.cat([output, output * short]))
    )
    assert short_one.item() == pytest.approx(long_one.item(), abs=0.5)  # much of a fifth of a second is its ends


def test_without_the_package_the_figure_is_empty_and_says_once_how_to_get_it(clip, tone, pair_of, monkeypatch):
    monkeypatch.setitem(sys.modules, "visqol", None)
    pair = pair_of(tone(440.0).repeat(2, 1), tone(440.0).repeat(2, 1))
    with pytest.warns(UserWarning, match="pip install --no-deps visqol-python") as said:
        assert ViSQOL(clip)(pair).isnan().all()
    assert len(said) == 1


@pytest.mark.skipif(importlib.util.find_spec("libsvm") is None, reason="needs libsvm, to compare with")
def test_the_last_step_answers_as_libsvm_does():
    from visqol.api import _DEFAULT_SVR_MODEL
    from visqol.quality_mapper import SvrSimilarityToQualityMapper

    theirs, ours = SvrSimilarityToQualityMapper(_DEFAULT_SVR_MODEL), _Opinions(32)
    theirs.init()
    for similarity in np.random.default_rng(0).uniform(0, 1, (20, 32)):
        assert ours.predict_quality(similarity) == pytest.approx(theirs.predict_quality(similarity), abs=1e-9)


@pytest.mark.slow
def test_importing_the_metrics_does_not_import_visqol():
    code = "import sys, evaluation.resynthesis; sys.exit('visqol' in sys.modules or 'numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
