"""Numbers as they are read, by people and by programs."""

import json

import pytest
import torch

from synths import ClipFormat, Level, SpectralFlatness
from synths.descriptors.describe import Description
from timbre.describe.tables import as_json, json_text, printed

CLIP = ClipFormat(sample_rate=44100, n_samples=441, hop=441)


def description(**numbers):
    """A description of three frames."""
    frames = {name: torch.tensor([number or 0.0] * 3) for name, number in numbers.items()}
    return Description(numbers, frames, torch.ones(3, dtype=torch.bool))


@pytest.mark.parametrize(("number", "text"), [(-12.34567, "-12.3"), (-1e-5, "0"), (None, "–"), (0.0, "0")])
def test_three_digits_and_a_dash_for_none(number, text):
    """What is as good as zero in its unit has no sign."""
    assert printed(description(level=number), Level) == text


def test_small_shares_keep_their_order():
    """A flatness of a millionth is not one of a thousandth."""
    assert printed(description(spectral_flatness=2.2e-6), SpectralFlatness) == "2.2e-06"


def test_json_is_valid_whatever_is_measured():
    """Seven digits; null for what is none or not finite."""
    entry = as_json(description(level=1 / 3, sharpness=None, roughness=float("nan")), torch.full((3,), 220.0), CLIP)
    assert (entry["level"], entry["sharpness"], entry["roughness"]) == (0.3333333, None, None)
    assert entry["frames"]["time_s"] == [0.0, 0.01, 0.02] and entry["frames"]["f0_hz"] == [220.0] * 3
    assert entry["frames"]["roughness"] == [None] * 3
    text = json_text({'a "b".wav': entry, "ü.wav": entry})
    assert json.loads(text) == {'a "b".wav': entry, "ü.wav": entry} and "NaN" not in text
