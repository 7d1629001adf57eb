"""The search of means, on a sound that no model made."""

import torch

from projection import MeanSearch


def test_what_is_asked_is_heard(played, request_for):
    """Both knobs of the first sound, measured anew; the second is not asked for anything and stays, bit for bit."""
    request = request_for(played, [[-2.0, 3.0], [0.0, 0.0]])
    with torch.no_grad():
        audio, answer = MeanSearch(played, request).run()
        heard = request.target.of_sound(audio, played.f0_hz, played.every)
    torch.testing.assert_close(request.missed(heard), -answer.off, rtol=0, atol=1e-3)
    assert answer.open_off[0].abs().min() > 1.9 and answer.off.abs().max() < 0.051 and answer.met.all()
    assert audio[1].equal(played.unchanged[1]) and answer.renders[1] == 1
    assert answer.names == ["level", "sharpness"] and answer.peak.equal(audio.abs().amax(-1))
