"""What a training begins with."""

import pytest

from timbre import learn_start
from timbre.learn_start import start_of


def test_nothing_where_nothing_is_there_or_asked(monkeypatch):
    monkeypatch.setattr(learn_start, "shipped_voice", lambda: None)
    assert start_of(None) is None and start_of("nothing") is None
    monkeypatch.setattr(learn_start, "shipped_voice", lambda: "orchestra")
    assert start_of("nothing") is None


def test_a_run_with_its_own_experiment(tmp_path):
    (tmp_path / "config.yaml").write_text("clip: {sample_rate: 24000}")
    start = start_of(str(tmp_path))
    assert (start.sample_rate, start.experiment) == (24000, str(tmp_path / "config.yaml"))


def test_a_voice_with_the_experiment_that_it_was_trained_by(tmp_path, monkeypatch):
    experiments = tmp_path / "configs" / "experiments"
    experiments.mkdir(parents=True)
    (experiments / "voice_orchestra.yaml").write_text("clip: {sample_rate: 44100}")
    monkeypatch.setattr(learn_start, "ROOT", tmp_path)
    monkeypatch.setattr(learn_start, "shipped_voice", lambda: "orchestra")
    assert start_of(None) == ("orchestra", 44100, str(experiments / "voice_orchestra.yaml"))


def test_what_is_neither_is_refused(tmp_path):
    with pytest.raises(ValueError, match="--from nosuch: name a voice that comes with the package"):
        start_of("nosuch")
