"""`timbre play`: a model as a page, served to this machine's browser."""

import argparse
import webbrowser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from studies.checkpoint_file import refuse_no_checkpoint
from studies.voices import DEFAULT
from timbre.help_text import HelpText
from timbre.named_model import MODEL

EXAMPLE = """examples:
  timbre play runs/flute
  timbre play flute.html
  timbre play runs/flute --no_browser

The page is that of `timbre export RUN instrument.html`, which needs no server;
from an address, Firefox has MIDI too. Ctrl+C ends it."""


def run(verb: str, args: list[str]) -> None:
    """Serve one page until it is interrupted."""
    parser = argparse.ArgumentParser(
        f"timbre {verb}",
        description="Play a model in the browser: keys, MIDI or a voice; knobs whose needles show what is measured.",
        epilog=EXAMPLE,
        formatter_class=HelpText,
    )
    parser.add_argument(
        "model",
        type=Path,
        nargs="?",
        default=Path(DEFAULT),
        help=f"{MODEL}; or an exported .html; without one the voice {DEFAULT}",
    )
    parser.add_argument("--port", type=int, default=0, help="of 127.0.0.1 to serve at (default: a free one)")
    parser.add_argument("--no_browser", action="store_true", help="open no browser: the address is printed")
    given = parser.parse_args(args)
    if not 0 <= given.port < 65536:
        raise ValueError(f"--port {given.port}: choose 1 to 65535, or 0 for a free one.")
    content = _page(given.model)
    with page_server(content, given.port) as server:
        address = f"http://127.0.0.1:{server.server_port}/"
        print(f"{address}\n  plays {given.model}; Ctrl+C ends it", flush=True)
        if not given.no_browser:
            webbrowser.open(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


def page_server(content: bytes, port: int = 0) -> ThreadingHTTPServer:
    """A server of one page, for this machine alone.

    Raises:
        OSError: the port is taken
    """

    class OnePage(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_page = self.path.split("?")[0] in ("/", "/index.html")
            self.send_response(200 if is_page else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content) if is_page else 0))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            if is_page:
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass  # what a browser asks for is no news

    return ThreadingHTTPServer(("127.0.0.1", port), OnePage)


def _page(model: Path) -> bytes:
    if model.suffix.lower() == ".html":
        if not model.is_file():
            raise FileNotFoundError(f"{model} does not exist: write it with timbre export.")
        return model.read_bytes()
    refuse_no_checkpoint(model)
    from instrument.onnx_export import require_onnx
    from instrument.page import page
    from timbre.playable import playable

    require_onnx()
    return page(playable(model, model.resolve().stem)).encode()
