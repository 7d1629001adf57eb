"""A picture becomes a whole PNG, in a folder that is made for it."""

from matplotlib.figure import Figure

from output.pictures import png_bytes, save_png

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def test_saves_what_it_draws(tmp_path):
    figure = Figure(figsize=(2.0, 1.0))
    figure.subplots().plot([0, 1], [0, 1])
    path = tmp_path / "made" / "line.png"
    save_png(figure, path)
    assert path.read_bytes().startswith(PNG_SIGNATURE) and [path] == list(path.parent.iterdir())
    width, height = (int.from_bytes(png_bytes(figure)[start : start + 4], "big") for start in (16, 20))
    assert (width, height) == (260, 130)
