"""Conditions of experiments: steps along one knob, one factor at a time, all factors crossed."""

import pytest

from turning.conditions import design, steps


def test_steps_along_one_knob():
    made = steps("sharpness", "-1:1:0.5jnd")
    assert [each.moves for each in made] == [
        ("sharpness=-1jnd",),
        ("sharpness=-0.5jnd",),
        (),
        ("sharpness=+0.5jnd",),
        ("sharpness=+1jnd",),
    ]
    assert [each.name for each in made][1:3] == ["sharpness-0.5jnd", "as-recorded"]


@pytest.mark.parametrize("text", ["1", "1:2", "2:1:1jnd", "0:4:0jnd", "0:4000:1jnd", "a:b:c", "0:1.2.3:1jnd"])
def test_what_is_no_range(text):
    with pytest.raises(ValueError, match="--steps"):
        steps("sharpness", text)


def test_designs(tmp_path):
    path = tmp_path / "design.yaml"
    moves = "moves: {sharpness: [-2jnd, 0jnd, 2jnd], level: [0dB, 3dB]}"
    path.write_text(f"kind: factorial\n{moves}\n")
    crossed = [each.moves for each in design(path)]
    assert len(crossed) == 6 and () in crossed and ("sharpness=-2jnd", "level=+3dB") in crossed
    path.write_text(f"kind: one_at_a_time\n{moves}\n")
    assert [each.moves for each in design(path)] == [
        ("sharpness=-2jnd",),
        (),
        ("sharpness=+2jnd",),
        ("level=+3dB",),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1, 2]",
        "kind: random\nmoves: {level: [1dB]}",
        "kind: factorial",
        "kind: factorial\nmoves: {level: 1dB}",
        "{",
    ],
)
def test_what_is_no_design(tmp_path, text):
    (tmp_path / "design.yaml").write_text(text)
    with pytest.raises(ValueError, match=r"--design .*design\.yaml"):
        design(tmp_path / "design.yaml")
