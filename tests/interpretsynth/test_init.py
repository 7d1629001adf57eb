"""The Python front is light until something is asked of it, and says what it has."""

import subprocess
import sys
from pathlib import Path

import pytest

import interpretsynth as its

ROOT = Path(__file__).parents[2]


def test_an_import_loads_nothing_that_takes_long():
    """Numpy neither: in a process that imports nothing else."""
    program = "import sys, interpretsynth as its; its.__version__; dir(its); print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    loaded = {name.split(".")[0] for name in said.split()}
    assert not loaded & {"torch", "lightning", "numpy", "scipy", "librosa", "soundfile"}


def test_all_that_is_exported_is_there():
    assert all(getattr(its, name).__doc__ for name in its.__all__)
    assert its.__version__[0].isdigit() and dir(its) == sorted(its.__all__)


def test_what_is_not_there_is_named():
    with pytest.raises(AttributeError, match=r"has no 'match': it has .*turn"):
        its.match  # noqa: B018
