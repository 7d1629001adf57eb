"""`timbre report`: it says where the page is, and refuses what is no run."""

import subprocess
import sys

from timbre import main


def test_the_page_is_written_and_named(tmp_path, capsys):
    run = tmp_path / "flute"
    run.mkdir()
    (run / "config.yaml").write_text("model: {}\n")
    main(["report", str(run)])
    assert capsys.readouterr().out == f"Written: {run}/report.html\n"
    page = (run / "report.html").read_text()
    assert f"timbre test {run}" in page and f"timbre knobs {run}" in page


def test_what_is_no_run_is_refused(tmp_path, refuses):
    assert "is not a run: it has no config.yaml" in refuses("report", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_it_reads_a_run_without_torch(tmp_path):
    (tmp_path / "config.yaml").write_text("model: {}\n")
    verb = f"import sys, timbre.report as verb\nverb.run('report', [{str(tmp_path)!r}])\n"
    code = verb + "print({'torch', 'librosa', 'lightning'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.splitlines()[-1] == "set()"
