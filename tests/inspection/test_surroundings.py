"""What stands beside the images: companions by kind, and sidecars by the image that they mean."""

import json
from pathlib import Path

import pytest

from commands.inspection.facts import Sidecar
from commands.inspection.surroundings import look_around


def sidecar_of(directory: Path, content: object, name: str = "x.decision") -> Sidecar:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    (directory / name).write_bytes(text)
    [sidecar] = look_around(str(directory), frozenset()).sidecars
    return sidecar


def test_images_and_companions_are_told_apart_by_their_suffix(tmp_path: Path) -> None:
    for name in ("a.png", "a.yaml", "a.cropped", "b.JPG", "b.yaml", "README"):
        (tmp_path / name).touch()
    (tmp_path / "c.yaml").mkdir()
    around = look_around(str(tmp_path), frozenset({"k"}))

    assert around.images == ("a.png", "b.JPG")
    assert {kind: sorted(stems) for kind, stems in around.companions.items()} == {
        ".yaml": ["a", "b"],
        ".cropped": ["a"],
    }
    assert around.known == {"k"}
    assert around.problem is None


def test_a_directory_that_is_gone_says_so(tmp_path: Path) -> None:
    assert look_around(str(tmp_path / "gone"), frozenset()).problem == "no such file"


def test_a_sidecar_beside_its_image_is_not_looked_into(tmp_path: Path) -> None:
    (tmp_path / "x.png").touch()
    (tmp_path / "x.decision").write_bytes(b"not json")

    assert look_around(str(tmp_path), frozenset()).sidecars == ()


@pytest.mark.parametrize(
    "content",
    [
        {"filename": "here.png", "images": ["gone.png"]},
        {"image_path": "/somewhere/else/here.png"},
        {"image_path": "C:\\photos\\here.png"},
        {"images": ["gone.png", "here.png"]},
        {"filename": "", "image_path": None, "images": ["here.png", 3]},
    ],
)
def test_a_sidecar_of_another_name_belongs_to_the_image_it_names(tmp_path: Path, content: object) -> None:
    (tmp_path / "here.png").touch()

    assert sidecar_of(tmp_path, content).present


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ({"filename": "gone.png", "images": ["here.png"]}, ("gone.png",)),
        ({"images": ["gone.png", "too.png"]}, ("gone.png", "too.png")),
        ({"group_id": "g"}, ()),
    ],
)
def test_a_sidecar_without_an_image_says_which_it_meant(
    tmp_path: Path, content: object, names: tuple[str, ...]
) -> None:
    (tmp_path / "here.png").touch()
    sidecar = sidecar_of(tmp_path, content)

    assert not sidecar.present
    assert sidecar.images == names
    assert sidecar.problem is None


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe{}", b'{"filename": "\xff"}', b'{"a":' + b"[" * 5000])
def test_a_sidecar_that_is_no_json_object_is_named(tmp_path: Path, content: bytes) -> None:
    assert sidecar_of(tmp_path, content).problem


def test_a_huge_file_is_not_read_as_a_sidecar(tmp_path: Path) -> None:
    assert "too large" in (sidecar_of(tmp_path, b" " * 1_000_001).problem or "")
