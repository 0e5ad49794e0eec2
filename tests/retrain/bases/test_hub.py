"""A model of the hub is shown before it is fetched, and what comes is what the hub said."""

import hashlib
from pathlib import Path

import pytest

from retrain.bases.base import BaseModelError
from retrain.bases.hub import Hub
from tests.retrain.bases.fake_hub import COMMIT, FakeHub

CONTENT = b"GGUF and the rest"
REPOSITORY = "somebody/Some-Model-GGUF"


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_TOKEN", "")


def test_the_only_file_is_found_with_size_hash_and_licence_and_fetched(tmp_path: Path) -> None:
    with FakeHub({REPOSITORY: {"model-q8_0.gguf": CONTENT, "README.md": b"words"}}) as hub:
        file = Hub(hub.url).find(f"hf:{REPOSITORY}")
        assert (file.file, file.size, file.revision) == ("model-q8_0.gguf", len(CONTENT), COMMIT)
        assert file.sha256 == hashlib.sha256(CONTENT).hexdigest()
        assert file.licence == "apache-2.0"
        assert not any("resolve" in asked for asked in hub.asked), "nothing is fetched before it was shown"
        path = Hub(hub.url).fetch(file, tmp_path / "fetched")
    assert path.read_bytes() == CONTENT
    assert tmp_path / "fetched" in path.parents


def test_one_of_several_files_is_named() -> None:
    with FakeHub({REPOSITORY: {"a.gguf": b"a", "parts/b.gguf": b"bb"}}, licence=None) as hub:
        file = Hub(hub.url).find(f"hf:{REPOSITORY}:parts/b.gguf")
        assert (file.file, file.licence) == ("parts/b.gguf", "not stated")
        with pytest.raises(BaseModelError, match=r"Name one file.*hf:somebody/Some-Model-GGUF:a\.gguf.*parts/b\.gguf"):
            Hub(hub.url).find(f"hf:{REPOSITORY}")
        with pytest.raises(BaseModelError, match="Name one file"):
            Hub(hub.url).find(f"hf:{REPOSITORY}:c.gguf")


def test_a_file_that_comes_with_another_hash_is_thrown_away(tmp_path: Path) -> None:
    with FakeHub({REPOSITORY: {"a.gguf": CONTENT}}, lies={"a.gguf": CONTENT[::-1]}) as hub:
        file = Hub(hub.url).find(REPOSITORY)
        with pytest.raises(BaseModelError, match="another hash than the hub says"):
            Hub(hub.url).fetch(file, tmp_path / "fetched")
    assert not list((tmp_path / "fetched").glob("*.gguf"))


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("nobody/nothing", "has no model nobody/nothing"),
        ("empty/one", "holds no GGUF file"),
        ("not a name", "is no name on the hub"),
    ],
)
def test_what_the_hub_does_not_have_is_one_sentence(address: str, says: str) -> None:
    with FakeHub({"empty/one": {"README.md": b""}}) as hub, pytest.raises(BaseModelError, match=says):
        Hub(hub.url).find(address)


def test_without_a_network_the_sentence_says_what_else_to_do() -> None:
    with FakeHub({}) as hub:
        url = hub.url
    with pytest.raises(BaseModelError, match=r"could not be reached.*chip models add FILE"):
        Hub(url).find(REPOSITORY)
