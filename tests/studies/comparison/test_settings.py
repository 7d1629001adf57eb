"""What models differ in has short names that are never two alike, and texts that tell their values apart."""

import pytest

from studies.comparison.settings import settings_that_differ, short_names


def component(name, **init_args):
    return {"class_path": f"lightning_modules.encoders.{name}", "init_args": init_args}


def differing(*models):
    """Sections `model` of configurations -> {name: texts}."""
    return {setting.name: setting.texts for setting in settings_that_differ([{"model": model} for model in models])}


def test_what_is_the_same_in_all_is_not_named():
    assert differing({"width": 8, "turned": {"share": 0.5}}, {"width": 8, "turned": {"share": 0.25}}) == {
        "turned.share": ("0.5", "0.25")
    }
    assert differing({"__path__": "a.yaml"}, {"__path__": "b.yaml"}) == {}  # where it was read from
    assert differing({"width": 8}, {"width": 8}) == {} and differing({"width": 8}) == {}


def test_a_component_goes_by_its_class_and_its_settings_by_its_place():
    first = {"encoder": component("DescriptorEncoder", residual=component("Variational", size=4))}
    second = {"encoder": component("DescriptorEncoder", residual=component("Bottleneck", size=8))}
    assert differing(first, second) == {
        "encoder.residual": ("Variational", "Bottleneck"),
        "residual.size": ("4", "8"),
    }


def test_what_only_one_class_knows_is_no_difference():
    """But among those that know it, it is."""
    plain, weak, strong = (
        {"encoder": component(name, **arguments)}
        for name, arguments in (("Plain", {}), ("Adversarial", {"strength": 0.1}), ("Adversarial", {"strength": 3.0}))
    )
    assert list(differing(plain, weak)) == ["encoder"]
    assert differing(plain, weak, strong)["encoder.strength"] == ("–", "0.1", "3")


def test_a_section_that_is_null_differs_from_one_that_is_not():
    """What differs inside it says so too, and then says enough."""
    off, half, whole = {"turned": None}, {"turned": {"share": 0.5}}, {"turned": {"share": 1.0}}
    assert differing(off, half) == {"turned": ("none", "given")}
    assert differing(off, half, whole) == {"turned.share": ("–", "0.5", "1")}
    assert differing({"residual": None}, {"residual": component("Variational")}) == {
        "residual": ("none", "Variational")
    }


def test_the_clip_format_is_named_once():
    """It is linked to model and data."""
    configs = [
        {"clip": {"hop": hop}, "model": {"clip": {"hop": hop}}, "data": component("NSynth", clip={"hop": hop})}
        for hop in (160, 320)
    ]
    assert [(setting.name, setting.values) for setting in settings_that_differ(configs)] == [("hop", (160, 320))]


def test_lists_are_told_apart():
    """By the classes in them; where these are the same, by all there is."""
    level, din, aures = component("Level"), component("Sharpness", w="din"), component("Sharpness", w="aures")
    assert differing({"d": [level, din]}, {"d": [level]}, {"d": []})["d"] == ("Level, Sharpness", "Level", "none")
    first, second = differing({"d": [din]}, {"d": [aures]})["d"]
    assert "din" in first and "aures" in second


def test_yes_no_and_none_are_words():
    assert differing({"a": True}, {"a": False}, {"a": None})["a"] == ("yes", "no", "none")
    assert differing({"a": 1e-05}, {"a": 0.5})["a"] == ("1e-05", "0.5")


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        (["model.turned.share"], ["turned.share"]),
        (["trainer.max_steps", "matmul_precision"], ["max_steps", "matmul_precision"]),
        (["model.a.b.size", "model.c.b.size"], ["a.b.size", "c.b.size"]),
        (["model.width", "data.width"], ["model.width", "data.width"]),
        (["data.x.y", "model.x.y", "model.z.x.y"], ["data.x.y", "model.x.y", "z.x.y"]),
    ],
)
def test_names_are_as_short_as_they_can_be(keys, names):
    found = short_names(keys)
    assert list(found.values()) == names and list(found) == keys
