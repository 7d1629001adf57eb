"""Templates share their parts, escape what they are told, and do not pass over what they were not told."""

import re

import jinja2
import pytest

from output.pages import rendered


@pytest.fixture
def template(tmp_path):
    path = tmp_path / "page.html"
    path.write_text(
        '{% import "page_parts.html" as parts %}<html><head>{{ parts.head(title) }}</head>'
        '<body>{{ parts.play(url, "a note", 0.12345 | readable) }}{{ parts.player() }}</body></html>'
    )
    return path


def test_a_page_asks_nothing_of_any_network_and_escapes(template):
    page = rendered(template, title="<b>&", url="data:audio/mpeg;base64,AA")
    assert "<title>&lt;b&gt;&amp;</title>" in page and "default-src 'none'" in page
    assert 'data-sound="data:audio/mpeg;base64,AA"' in page and 'aria-label="play a note"' in page
    assert "<small>0.123</small>" in page and not re.search(r"https?://|\bsrc=|\bhref=", page)
    assert "width=device-width" in page


def test_a_sound_that_is_not_there_has_no_button(template):
    assert "<button" not in rendered(template, title="t", url="")


def test_what_a_template_is_not_told_is_an_error(template):
    with pytest.raises(jinja2.UndefinedError, match="url"):
        rendered(template, title="t")
