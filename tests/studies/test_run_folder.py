"""A run is its settings, wherever it is trained: what counts, what does not, and what is said about a difference."""

import copy

import pytest
import yaml

from studies.run_folder import RunFolder, differences, flat, settings_hash, settings_of

CONFIG = {
    "seed_everything": 0,
    "name": "flute",
    "runs": "runs",
    "ckpt_path": None,
    "clip": {"sample_rate": 16000, "n_samples": 64000},
    "model": {"encoder": {"class_path": "Disentangled", "init_args": {"kl_weight": 0.1}}, "learning_rate": 0.002},
    "data": {
        "class_path": "Recordings",
        "init_args": {
            **{"root": "/home/me/flute", "cache": "/scratch/cache", "copy_to": None, "num_workers": 0},
            **{"batch_size": 16, "seed": 3},
        },
    },
    "trainer": {
        **{"max_steps": 100, "accelerator": "cpu", "devices": 1, "num_nodes": 1, "strategy": "auto"},
        **{"logger": None, "enable_progress_bar": None, "default_root_dir": None},
    },
}
PLACES = [
    ("name", "oboe"),
    ("runs", "/elsewhere"),
    ("ckpt_path", "last"),
    ("data.init_args.root", "/scratch/you/flute"),
    ("data.init_args.cache", None),
    ("data.init_args.copy_to", "/tmp/7"),
    ("data.init_args.num_workers", 8),
    ("trainer.logger", False),
    ("trainer.enable_progress_bar", False),
    ("trainer.default_root_dir", "x"),
]
MACHINE = [
    ("trainer.accelerator", "gpu"),
    ("trainer.devices", 4),
    ("trainer.num_nodes", 2),
    ("trainer.strategy", "ddp"),
]
SETTINGS = [
    ("seed_everything", 1),
    ("clip.sample_rate", 44100),
    ("model.learning_rate", 0.001),
    ("model.encoder.class_path", "Adversarial"),
    ("model.encoder.init_args.kl_weight", 1.0),
    ("data.init_args.root", "/home/me/oboe"),
    ("data.init_args.batch_size", 8),
    ("data.init_args.seed", 0),
    ("trainer.max_steps", 200),
]


def changed(key, value):
    """The configuration with another value at a dotted key."""
    config = copy.deepcopy(CONFIG)
    *path, last = key.split(".")
    section = config
    for part in path:
        section = section[part]
    section[last] = value
    return config


@pytest.fixture
def folder(tmp_path):
    """Folder of a run that was begun."""
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(CONFIG))
    folder = RunFolder(tmp_path)
    folder.last.parent.mkdir()
    folder.last.touch()
    return folder


@pytest.mark.parametrize(("key", "value"), PLACES + MACHINE)
def test_another_place_is_the_same_run(folder, key, value):
    folder.refuse_other_settings(changed(key, value))


@pytest.mark.parametrize(("key", "value"), SETTINGS)
def test_other_settings_are_refused_and_named(folder, key, value):
    with pytest.raises(ValueError, match="--name") as refused:
        folder.refuse_other_settings(changed(key, value))
    assert f"{key} " in str(refused.value) and str(folder.path) in str(refused.value)


def test_a_key_that_is_new_or_gone_is_named(folder):
    with pytest.raises(ValueError, match=r"model\.residual_dropout nothing"):
        folder.refuse_other_settings(changed("model.residual_dropout", 0.5))
    less = copy.deepcopy(CONFIG)
    del less["model"]["learning_rate"]
    with pytest.raises(ValueError, match=r"model.learning_rate 0.002 \(now nothing\)"):
        folder.refuse_other_settings(less)


def test_of_many_keys_five_are_named(folder):
    other = changed("model", {f"key_{number}": number for number in range(7)})
    with pytest.raises(ValueError, match=r" and 5 more keys\.") as refused:
        folder.refuse_other_settings(other)
    assert str(refused.value).count("(now ") == 5


def test_nothing_is_refused_where_nothing_was_begun(tmp_path):
    RunFolder(tmp_path).refuse_other_settings(CONFIG)


@pytest.mark.parametrize("text", ["", "[1, 2]", "{a: ", "12"])
def test_a_folder_with_a_torn_configuration_is_named(folder, text):
    folder.config.write_text(text)
    with pytest.raises(ValueError, match=r"config\.yaml is not a run's configuration"):
        folder.refuse_other_settings(CONFIG)


@pytest.mark.parametrize(("key", "value"), PLACES)
def test_the_hash_knows_no_places(key, value):
    assert settings_hash(changed(key, value)) == settings_hash(CONFIG)


@pytest.mark.parametrize(("key", "value"), SETTINGS)
def test_the_hash_knows_settings(key, value):
    assert settings_hash(changed(key, value)) != settings_hash(CONFIG)


def test_the_hash_is_the_same_in_any_order():
    backwards = dict(reversed(CONFIG.items()))
    assert settings_hash(backwards) == settings_hash(CONFIG) and len(settings_hash(CONFIG)) == 12


def test_the_configuration_itself_stays_as_it_is():
    before = copy.deepcopy(CONFIG)
    settings_of(CONFIG)
    assert before == CONFIG


def test_settings_of_a_configuration_with_less():
    assert settings_of({"name": "x"}) == {"trainer": {}}
    assert settings_of({"data": None, "trainer": None}) == {"data": None, "trainer": {}}


def test_a_run_is_done_when_all_that_was_asked_is(tmp_path):
    """A report left over from before a run was prolonged does not make it a tested one."""
    folder, found = RunFolder(tmp_path), []
    (tmp_path / "metrics.json").touch()
    for step in (lambda: None, lambda: folder.say_done(False), lambda: folder.say_done(True)):
        step()
        found.append((folder.is_done(tested=False), folder.is_done(tested=True)))
    assert found == [(False, False), (True, False), (True, True)]


def test_a_run_that_its_sweep_ended_is_done_for_good(tmp_path):
    folder = RunFolder(tmp_path)
    assert not folder.is_ended_early
    folder.say_ended_early()
    assert folder.is_ended_early and folder.is_done(tested=False) and folder.is_done(tested=True)
    folder.say_done(tested=True)
    assert not folder.is_ended_early


def test_lists_and_empty_mappings_are_values():
    nested = {"a": {"b": [1, {"c": 2}], "d": {}}, "e": None}
    assert flat(nested) == {"a.b": [1, {"c": 2}], "a.d": {}, "e": None}


def test_differences_are_texts_in_the_order_of_the_first():
    one, two = {"b": 1, "a": {"x": True}, "same": [1]}, {"a": {"x": 1, "y": "s"}, "same": [1]}
    assert differences(one, two) == [("b", "1", "nothing"), ("a.x", "true", "1"), ("a.y", "nothing", '"s"')]
