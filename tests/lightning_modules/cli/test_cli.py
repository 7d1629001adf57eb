"""The verbs themselves."""

import re
import subprocess
import sys

import pytest

from lightning_modules.cli import _MODULES, USAGE, main


def test_help_is_instant_and_names_every_verb():
    code = "import sys; from lightning_modules.cli import main; main(['--help']); assert 'torch' not in sys.modules"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert all(verb in result.stdout for verb in _MODULES)


def test_a_wrong_verb_is_named(refuses):
    assert "trian" in refuses("trian")


def test_no_verb_prints_the_usage(capsys):
    main([])
    assert capsys.readouterr().out.strip() == USAGE


def test_knobs_are_listed_with_unit_and_range(trained, capsys):
    main(["knobs", str(trained)])
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("sharpness", "acum", "dB", "yin"))


def test_knobs_say_what_a_pitch_reaches(trained, capsys, refuses):
    main(["knobs", str(trained), "--pitch", "110", "880"])
    printed = capsys.readouterr().out
    assert "at 110 Hz" in printed and "at 880 Hz" in printed and "0.00–" in printed
    assert "is not a pitch" in refuses("knobs", str(trained), "--pitch", "0")


@pytest.mark.parametrize("verb", sorted(_MODULES))
def test_every_verb_has_help(verb, capsys):
    with pytest.raises(SystemExit) as stop:
        main([verb, "--help"])
    assert stop.value.code == 0 and "usage" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (AttributeError("x has no y"), r"internal fault \(AttributeError: x has no y\): set TIMBRE_DEBUG=1 to see"),
        (KeyError("k"), r"internal fault \(KeyError: 'k'\)"),
        (AssertionError(), r"internal fault \(AssertionError: \)"),
        (RuntimeError("first\nsecond"), r"internal fault \(RuntimeError: first\)"),
        (RecursionError("deep"), "nested too deeply"),
        (MemoryError("256 GiB"), r"not enough memory \(256 GiB\)"),
        (ValueError("wrong"), "timbre: wrong$"),
    ],
)
def test_whatever_goes_wrong_is_one_sentence(error, said, refuses, monkeypatch):
    monkeypatch.delenv("TIMBRE_DEBUG", raising=False)

    def fails(*_):
        raise error

    monkeypatch.setattr("lightning_modules.cli.knobs.run", fails)
    assert re.search(said, refuses("knobs", "x"))
    monkeypatch.setenv("TIMBRE_DEBUG", "1")
    with pytest.raises(type(error)):
        main(["knobs", "x"])
