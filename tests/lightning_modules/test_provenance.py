"""Which pitch a model may meet."""

import warnings

import pytest

from lightning_modules.provenance import refuse_other_tracker


def test_another_version_of_a_tracker_is_remarked_on():
    with pytest.warns(UserWarning, match="yin 2 27-4400 Hz"):
        refuse_other_tracker("yin librosa 0.11.0 32.7-4200 Hz", "yin 2 27-4400 Hz")


def test_the_same_tracker_is_not():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        refuse_other_tracker("yin 2 27-4400 Hz", "yin 2 27-4400 Hz")
        refuse_other_tracker(None, "yin 2 27-4400 Hz")


@pytest.mark.parametrize("given", ["swift-f0 0.3", "yin 2 50-4400 Hz"])
def test_another_tracker_or_other_settings_are_refused(given):
    with pytest.raises(ValueError, match="set data"):
        refuse_other_tracker("yin 2 27-4400 Hz", given)
