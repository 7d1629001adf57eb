"""`timbre play` serves one page to this machine."""

from threading import Thread
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from timbre.play import page_server, run


def test_serves_the_page_and_nothing_else():
    with page_server(b"<!DOCTYPE html>\xc3\xa9") as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        with urlopen(f"{address}/?x#sharpness=1") as answer:
            assert answer.read() == b"<!DOCTYPE html>\xc3\xa9"
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert server.server_address[0] == "127.0.0.1", "nobody else is served"
        with pytest.raises(HTTPError, match="404"):
            urlopen(f"{address}/etc/passwd")
        server.shutdown()


def test_plays_an_exported_page_until_it_is_interrupted(tmp_path, monkeypatch, capsys):
    page = tmp_path / "flute.html"
    page.write_text("a page")
    opened = []

    def interrupted(server):
        raise KeyboardInterrupt

    monkeypatch.setattr("timbre.play.ThreadingHTTPServer.serve_forever", interrupted)
    monkeypatch.setattr("timbre.play.webbrowser.open", opened.append)
    run("play", [str(page)])
    said = capsys.readouterr().out
    assert said.startswith("http://127.0.0.1:") and opened == [said.split()[0]]
    run("play", [str(page), "--no_browser"])
    assert len(opened) == 1


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["nosuch.html"], "nosuch.html does not exist: write it with timbre export"),
        (["nosuch"], "there is no checkpoint nosuch"),
        (["x.html", "--port", "70000"], "--port 70000: choose"),
    ],
)
def test_what_cannot_be_played_is_told(args, said):
    with pytest.raises((ValueError, FileNotFoundError), match=said):
        run("play", args)
