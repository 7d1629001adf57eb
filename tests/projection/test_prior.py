"""Which changes go together: without data, and as notes have them."""

import pytest
import torch

from projection import LearntPrior, musical_prior
from projection.prior import GRID_BARK, bark, on_grid
from synths import ClipFormat, Layers
from synths.descriptors.line_spectra import LineSpectra

N = len(GRID_BARK)


@pytest.fixture
def layers():
    """Twenty harmonics of 300 Hz and nine bands."""
    return Layers(torch.full((1, 2), 300.0), torch.rand(1, 2, 20), torch.rand(1, 2, 9))


def test_musical_prior_is_a_covariance(layers):
    """Symmetric, positive, and near partials go together more than far ones."""
    (prior,) = musical_prior(layers, 8000.0)
    torch.testing.assert_close(prior, prior.mT)
    assert torch.linalg.eigvalsh(prior.double()).min() > 0.05
    assert prior[10, 12] > prior[10, 18], "the same parity, so that nothing else differs"


def test_learnt_prior_has_the_covariance_of_the_notes(layers):
    """Made notes whose partials and noise move against each other; between grid points in lines."""
    draw = torch.randn(20000, 2, dtype=torch.float64)
    tone, noise = draw[:, :1], 0.5 * draw[:, 1:] - draw[:, :1]
    notes = torch.cat([2.0 * tone.expand(-1, N), noise.expand(-1, N)], dim=1) + 5.0
    learnt = LearntPrior()
    assert not learnt.known and learnt(layers, 8000.0).equal(musical_prior(layers, 8000.0))
    learnt.learn(notes)
    expected = torch.tensor([[4.0, -2.0], [-2.0, 1.25]])
    found = learnt.covariance[[0, 0, N, N], [3, N + 5, 7, N + 9]].view(2, 2)
    torch.testing.assert_close(found, expected, rtol=0.05, atol=0.02)
    prior = learnt(layers, 8000.0)[0]
    directions = 0.05 * (1 + (bark(torch.tensor(300.0 * 8)) / 12 - 1) * (bark(torch.tensor(300.0 * 10)) / 12 - 1) + 1)
    torch.testing.assert_close(prior[7, 9], learnt.covariance[0, 0] + directions, rtol=1e-3, atol=1e-3)


def test_few_frames_teach_nothing():
    """Too few to tell."""
    learnt = LearntPrior()
    learnt.learn(torch.randn(20, 2 * N))
    assert not learnt.known


def test_a_state_of_before_is_loaded():
    """Without a covariance there is none; with one, it comes back."""
    learnt = LearntPrior()
    learnt.covariance.fill_(1.0)
    kept = {name: value.clone() for name, value in learnt.state_dict().items()}
    learnt.load_state_dict({})
    assert not learnt.known
    learnt.load_state_dict(kept)
    assert learnt.known


def test_partials_and_noise_are_read_where_they_lie():
    """A tone whose harmonics fall by 6 dB from one to the next, and noise 60 dB below full scale."""
    clip = ClipFormat(sample_rate=16000, n_samples=16000, hop=160)
    time_s = torch.arange(16000, dtype=torch.float64) / 16000
    tone = sum(0.5**k * torch.sin(2 * torch.pi * 400.0 * k * time_s) for k in range(1, 9))
    audio = (tone + 1e-3 * torch.randn(16000)).float()[None]
    f0_hz, sounding = torch.full((1, 100), 400.0), torch.zeros(1, 50)
    sounding[:, 10:40] = 1.0
    spectra = LineSpectra(clip)
    read = on_grid(spectra, audio, f0_hz, sounding, 2)
    assert read.shape == (30, 2 * N)
    place = (torch.tensor(GRID_BARK) + 0.53) * 1960.0 / (26.81 - torch.tensor(GRID_BARK) - 0.53)
    inside = (place > 400) & (place < 2800)
    torch.testing.assert_close(
        read.mean(0)[:N][inside], (place / 400 * torch.tensor(0.5).log())[inside], rtol=0, atol=0.03
    )
    # Twice the mean square is power, which 513 bins share; the logarithm of few bins lies a little lower.
    expected = 0.5 * torch.tensor(2e-6 / 512).log()
    torch.testing.assert_close(read.mean(0)[N:][place < 7000].mean(), expected, rtol=0, atol=0.2)
    assert not len(on_grid(spectra, audio, f0_hz / 8, sounding, 2)), "low partials hide the noise"
