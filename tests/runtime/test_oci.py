"""The OCI archive has what a container engine reads, and is the same each time."""

import hashlib
import json
import tarfile
from pathlib import Path

from kdasync.devcluster.image.image import User
from kdasync.devcluster.image.oci import export_oci
from kdasync.devcluster.image.recipe import Copy, Recipe


def _recipe(folder: Path) -> Recipe:
    (folder / "f").write_text("1")
    return Recipe(
        name=("localhost/x:1", "x:1"),
        base="scratch",
        tools=("cat",),
        copy=(Copy(source="f", to="/etc/f", mode="0600"),),
        users=(User(name="u", uid=7),),
        user="u",
        env={"A": "b"},
        entrypoint=("/bin/cat",),
        folder=str(folder),
    )


def test_layout_manifest_config_and_layer(tmp_path: Path) -> None:
    export_oci(_recipe(tmp_path), tmp_path / "x.tar", cache=tmp_path / "cache")
    with tarfile.open(tmp_path / "x.tar") as archive:
        files = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    blobs = {name.rpartition("/")[2]: data for name, data in files.items() if name.startswith("blobs/")}
    assert all(hashlib.sha256(data).hexdigest() == digest for digest, data in blobs.items())
    assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    entries = json.loads(files["index.json"])["manifests"]
    assert [entry["annotations"]["io.containerd.image.name"] for entry in entries] == ["localhost/x:1", "x:1"]
    manifest = json.loads(blobs[entries[0]["digest"].removeprefix("sha256:")])
    config = json.loads(blobs[manifest["config"]["digest"].removeprefix("sha256:")])
    assert config["config"]["Entrypoint"] == ["/bin/cat"]
    assert config["config"]["User"] == "7"
    assert "A=b" in config["config"]["Env"]
    assert config["rootfs"]["diff_ids"] == [manifest["layers"][0]["digest"]]


def test_the_layer_merges_all_layers(tmp_path: Path) -> None:
    export_oci(_recipe(tmp_path), tmp_path / "x.tar", cache=tmp_path / "cache")
    with tarfile.open(tmp_path / "x.tar") as archive:
        largest = max(archive.getmembers(), key=lambda member: member.size)
        with tarfile.open(fileobj=archive.extractfile(largest)) as layer:
            names = layer.getnames()
            assert {"bin/cat", "etc/f", "etc/passwd"} <= set(names)
            assert len(names) == len(set(names))
            assert layer.getmember("etc/f").mode == 0o600


def test_the_same_recipe_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.tar", "b.tar"):
        export_oci(_recipe(tmp_path), tmp_path / name, cache=tmp_path / "cache")
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
