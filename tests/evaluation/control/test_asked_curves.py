"""Curves asked of examined notes, all passes over a batch together."""

import numpy as np
import pytest
import torch

from evaluation.control.asked_curves import AskedCurves
from evaluation.control.examination import ExaminationSettings
from evaluation.renderings import ways_of
from lightning_modules.autoencoder import Rendering
from lightning_modules.encoders import Encoding
from tests.evaluation.control.stand_in import CLIP, StandIn, examined


def followed(asked, way):
    """Every batch, one after the other."""
    return [asked.follow(way, batch) for batch in range(asked.n_batches)]


@pytest.mark.parametrize("as_published", [False, True])
def test_curves_are_followed(notes, as_published):
    """F-RAVE's score is high for the model that obeys, and the floor is what its deaf brother scores."""
    scores = {}
    for obeys in (1.0, 0.0):
        model = StandIn(notes.audio, notes.f0_hz, obeys)
        ((way,), _) = ways_of(model, ["open"])
        asked = AskedCurves(model, examined(model, notes), ExaminationSettings(passes=2, as_published=as_published))
        assert asked.n_batches == 2
        scores[obeys] = {f.name: f.value for f in asked.figures(followed(asked, way), "open") if f.knob is None}
    assert scores[1.0]["frave_score"] > 0.9 > scores[0.0]["frave_score"]
    assert scores[0.0]["frave_score"] == pytest.approx(scores[0.0]["frave_floor"], abs=1e-3)
    assert "frave_floor" not in {f.name for f in asked.figures(followed(asked, way), "exact")}


def test_passes_are_rendered_together_and_kept_apart(notes):
    """Pass p of batch b holds what was measured on the p-th curves of that batch: here, what was asked itself."""
    model, heights = StandIn(notes.audio, notes.f0_hz), []
    ((way,), _) = ways_of(model, ["open"])
    asked = AskedCurves(model, examined(model, notes), ExaminationSettings(passes=3))
    put_together = model.put_together

    def spy(f0_hz, encoding, sounding, turned):
        heights.append((f0_hz[:, 0], encoding.controls[..., 0].mean(1)))
        return put_together(f0_hz, encoding)

    for batch, examples in ((0, slice(0, 8)), (1, slice(8, 16))):
        asked.follow(way._replace(follow=spy), batch)
        pitches, means = heights.pop()
        assert pitches.equal(notes.f0_hz[examples, 0].repeat(3))
        wanted = [((curves + 1) / 2)[:, 0].mean(-1) for curves, at in asked.asked if at == examples]
        assert len(wanted) == 3
        np.testing.assert_allclose(means, np.concatenate(wanted), atol=0.02)


def test_the_order_of_batches_does_not_matter(notes):
    """Each has noise of its own, and the caller's random numbers stay."""
    model = StandIn(notes.audio, notes.f0_hz)
    ((way,), _) = ways_of(model, ["open"])

    def noisy(f0_hz, encoding, sounding, turned):
        return Rendering(torch.rand(len(f0_hz), CLIP.n_samples), {}, encoding)

    asked = AskedCurves(model, examined(model, notes), ExaminationSettings(passes=1))
    torch.manual_seed(5)
    state, way = torch.get_rng_state(), way._replace(follow=noisy)
    second, first = asked.follow(way, 1), asked.follow(way, 0)
    assert torch.get_rng_state().equal(state)
    assert [each.equal(other) for each, other in zip(followed(asked, way), (first, second), strict=True)] == [True] * 2
    assert not first[0, :4].equal(second[0])


def test_further_controls_stay(notes):
    """Curves are asked of the knobs; what is behind them in the controls is the note's own."""
    model = StandIn(notes.audio, notes.f0_hz)
    seen = []
    put_together = model.put_together

    def spy(f0_hz, encoding):
        seen.append(encoding.controls[..., 1:].clone())
        return put_together(f0_hz, encoding)

    part = examined(model, notes)
    with_factor = torch.cat([part.encoding.controls, torch.full_like(part.encoding.controls, 0.3)], dim=-1)
    model.put_together = spy
    encoding = Encoding(with_factor, part.encoding.residual, {})
    asked = AskedCurves(model, part._replace(encoding=encoding), ExaminationSettings())
    followed(asked, *ways_of(model, ["open"])[0])
    assert seen and all(factor.eq(0.3).all() for factor in seen)
