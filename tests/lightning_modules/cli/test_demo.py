"""The demo, shortened: every file it promises, and what its last lines say."""

import re

import pytest

from lightning_modules.cli import main


@pytest.mark.slow
def test_the_demo_writes_what_it_promises(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    sizes = ["--data.n_train", "16", "--data.n_valid", "8", "--data.n_test", "8"]
    main(["demo", *sizes, "--trainer.max_steps", "30", "--trainer.val_check_interval", "15"])
    folder = tmp_path / "runs" / "demo"
    audio = {path.name for path in (folder / "audio").iterdir()}
    assert audio == {"target.wav", "resynthesis.wav", *(f"sharpness-0.{p}.wav" for p in (1, 3, 5, 7, 9))}
    page = (folder / "report.html").read_text()
    assert page.count("<audio") == 7 and not re.search(r'(src|href)="https?://', page)
    printed = capsys.readouterr().out
    assert "Held-out notes" in printed and "Next:" in printed and "measured" in printed
