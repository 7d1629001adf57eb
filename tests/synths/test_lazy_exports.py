"""A package exports what it names, and loads it when it is asked for."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import synths
from synths import descriptors

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("package", [synths, descriptors])
def test_every_export_is_there(package):
    """As the very thing that its module defines."""
    for name in package.__all__:
        value = getattr(package, name)
        if isinstance(value, type):
            assert getattr(importlib.import_module(value.__module__), name) is value


def test_another_name_is_none():
    with pytest.raises(AttributeError, match="module 'synths' has no attribute 'Sharpnes'"):
        synths.Sharpnes  # noqa: B018
    with pytest.raises(ImportError):
        exec("from synths import Sharpnes")


def test_a_format_and_a_request_need_no_torch():
    program = (
        "import sys; from synths import ClipFormat; from synths.descriptors.request import KnobRequest\n"
        "ClipFormat(), KnobRequest('level', 0.5).is_course; assert 'torch' not in sys.modules\n"
        "from synths import Level; assert 'torch' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
