"""The verbs themselves."""

import re
import subprocess
import sys
from importlib.util import find_spec

import pytest

from timbre import main
from timbre.verbs import VERBS, usage


def test_help_is_instant_and_names_every_verb():
    code = "import sys; from timbre import main; main(['--help']); assert 'torch' not in sys.modules"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert all(verb in result.stdout for verb in VERBS)


def test_a_wrong_verb_is_named(refuses):
    assert "trian" in refuses("trian")


def test_no_verb_prints_the_usage(capsys):
    main([])
    assert capsys.readouterr().out.strip() == usage()


def test_the_usage_lists_each_use_of_each_verb_and_fits_a_terminal():
    """In the order of VERBS, what it does in one column."""
    listed = [line for line in usage().splitlines() if re.match(r"  [a-z]", line)]
    expected = [(name, said) for name, verb in VERBS.items() for said in verb.uses.values()]
    assert [line.split()[0] for line in listed] == [name for name, _ in expected]
    starts = [line.find(said.split()[0], len("  dashboard")) for line, (_, said) in zip(listed, expected, strict=True)]
    assert len({*starts}) <= 2 and max(map(len, usage().splitlines())) <= 80


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_has_its_module(verb):
    """Found without loading it."""
    assert find_spec(f"timbre.{VERBS[verb].module}") and all(VERBS[verb].uses.values())
    assert VERBS[verb].watches == (verb in ("fit", "test", "sweep", "learn"))


def test_the_version_is_that_of_the_package(capsys):
    for asked in ("--version", "version"):
        main([asked])
        assert re.fullmatch(r"interpretsynth \d+\.\d+\.\d+\n", capsys.readouterr().out)


def test_knobs_are_listed_with_unit_and_range(trained, capsys):
    main(["knobs", str(trained)])
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("sharpness", "acum", "dB", "yin"))


def test_knobs_say_what_a_pitch_reaches(trained, capsys, refuses):
    main(["knobs", str(trained), "--pitch", "110", "880"])
    printed = capsys.readouterr().out
    assert "at 110 Hz" in printed and "at 880 Hz" in printed and "0.00–" in printed
    assert "is not a pitch" in refuses("knobs", str(trained), "--pitch", "0")


@pytest.mark.parametrize("verb", sorted(VERBS))
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

    monkeypatch.setattr("timbre.knobs.run", fails)
    assert re.search(said, refuses("knobs", "x"))
    monkeypatch.setenv("TIMBRE_DEBUG", "1")
    with pytest.raises(type(error)):
        main(["knobs", "x"])
