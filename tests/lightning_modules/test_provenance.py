"""A model meets the tracker it was trained with, or is told that it does not."""

import re

import pytest

from lightning_modules.provenance import remark_on_tracker

FORMER, NOW = "yin librosa 0.11.0 32.7-4200 Hz", "yin 2 27-4400 Hz"


@pytest.mark.parametrize(("trained", "given"), [(None, None), (NOW, None), (None, NOW), (NOW, NOW), ("known", "known")])
def test_nothing_is_said_of_the_same_or_of_what_is_not_known(trained, given):
    assert remark_on_tracker(trained, given) == ""


@pytest.mark.parametrize(
    ("trained", "given"),
    [(FORMER, NOW), (NOW, FORMER), (FORMER, "yin 2 32.7-4200 Hz"), ("swift-f0 0.3.0", "swift-f0 0.4")],
)
def test_another_version_of_the_same_kind_is_used_with_one_remark(trained, given):
    remark = remark_on_tracker(trained, given)
    assert trained in remark and given in remark and "\n" not in remark


@pytest.mark.parametrize(
    ("trained", "given"),
    [
        (NOW, "swift-f0 0.3.0"),
        (FORMER, "swift-f0 0.3.0"),
        (NOW, "yin 2 60-4400 Hz"),
        ("yin", "swift"),
        (NOW, "yinyang 3"),
    ],
)
def test_another_kind_or_other_settings_are_refused(trained, given):
    with pytest.raises(ValueError, match=f"set data.tracker to what it was trained with, {re.escape(trained)}"):
        remark_on_tracker(trained, given)
