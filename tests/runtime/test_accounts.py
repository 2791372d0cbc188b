"""Users of an image: names to numbers, and the files that name them."""

from pathlib import Path

import pytest

from kdasync.devcluster.image import accounts
from kdasync.devcluster.image.image import Image, User


@pytest.fixture
def layers(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nweb:x:33:34::/srv:/bin/sh\n")
    return (str(tmp_path / "empty"), str(tmp_path))


IMAGE = Image(users=(User(name="pg", uid=999, home="/pg"), User(name="web", uid=80)))


@pytest.mark.parametrize(
    ("user", "numbers"), [("", (0, 0)), ("7", (7, 0)), ("7:8", (7, 8)), ("pg", (999, 999)), ("web", (80, 80)), ("33", (33, 34))]
)
def test_numbers_of_a_user(layers: tuple[str, ...], user: str, numbers: tuple[int, int]) -> None:
    assert accounts.identity(user, image=IMAGE, layers=layers) == numbers


def test_an_unknown_user_is_told(layers: tuple[str, ...]) -> None:
    with pytest.raises(OSError, match="the image has no user nobody2"):
        accounts.identity("nobody2", image=IMAGE, layers=layers)


def test_files_with_the_recipes_users(layers: tuple[str, ...]) -> None:
    made = accounts.files(IMAGE, layers)
    assert made["passwd"].splitlines() == ["pg:x:999:999::/pg:/bin/sh", "web:x:80:80::/:/bin/sh", "root:x:0:0:root:/root:/bin/sh"]
    assert made["group"] == "pg:x:999:\nweb:x:80:\n"
    assert accounts.files(Image(), layers) == {}
    assert accounts.home(999, image=IMAGE, layers=layers) == "/pg"
    assert accounts.home(1, image=IMAGE, layers=layers) == "/"
