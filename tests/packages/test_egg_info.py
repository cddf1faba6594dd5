"""Where the metadata of an editable install lies, as setup.py and setup.cfg say it."""

from __future__ import annotations

import pytest

from pydock.packages import egg_info

SETUP = "from setuptools import setup\nsetup({})\n"


@pytest.mark.parametrize(
    ("files", "folder"),
    [
        pytest.param(
            {"setup.py": SETUP.format('name="My-Shop.api"')}, "/app/My_Shop.api.egg-info", id="beside setup.py"
        ),
        pytest.param(
            {"setup.py": SETUP.format('name="shop", package_dir={"": "src"}')},
            "/app/src/shop.egg-info",
            id="in the folder that setup.py names for all packages",
        ),
        pytest.param(
            {
                "setup.py": SETUP.format(""),
                "setup.cfg": "[metadata]\nname = shop\n[options]\npackage_dir =\n    = lib\n",
            },
            "/app/lib/shop.egg-info",
            id="in the folder that setup.cfg names for all packages",
        ),
        pytest.param(
            {"setup.py": SETUP.format('name="shop", package_dir={"shop": "code"}')},
            "/app/shop.egg-info",
            id="beside setup.py, where one package alone lies elsewhere",
        ),
        pytest.param(
            {"setup.py": SETUP.format('name="shop-" + edition()')}, None, id="unknown, where a call makes the name"
        ),
        pytest.param(
            {"setup.py": SETUP.format("**settings")}, None, id="unknown, where setup() gets what a name holds"
        ),
        pytest.param({"setup.cfg": "[metadata\n"}, None, id="unknown, where setup.cfg cannot be read"),
    ],
)
def test_setuptools_leaves_it_where_the_packages_are(files: dict[str, str], folder: str | None) -> None:
    assert egg_info("/app", {f"/app/{name}": text for name, text in files.items()}.get) == folder
