"""Which pitch a model may meet."""

import pytest

from lightning_modules.provenance import remark_on_tracker


def test_another_version_of_a_tracker_is_remarked_on():
    assert "yin 2 27-4400 Hz" in remark_on_tracker("yin librosa 0.11.0 32.7-4200 Hz", "yin 2 27-4400 Hz")


def test_the_same_tracker_is_not():
    assert remark_on_tracker("yin 2 27-4400 Hz", "yin 2 27-4400 Hz") == ""
    assert remark_on_tracker(None, "yin 2 27-4400 Hz") == ""


@pytest.mark.parametrize("given", ["swift-f0 0.3", "yin 2 50-4400 Hz"])
def test_another_tracker_or_other_settings_are_refused(given):
    with pytest.raises(ValueError, match="set data"):
        remark_on_tracker("yin 2 27-4400 Hz", given)
