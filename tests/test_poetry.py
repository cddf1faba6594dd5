"""What Poetry's tables ask for is what PEP 508 says in its own words."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement

from pydock.packages.poetry import dependencies, requirement

SAID = {
    "any version": ("*", "shop"),
    "up to the next major version": ("^1.2.3", "shop>=1.2.3,<2"),
    "up to the next minor version before 1.0": ("^0.2.3", "shop>=0.2.3,<0.3"),
    "up to the next patch release before 0.1": ("^0.0.3", "shop>=0.0.3,<0.0.4"),
    "zeros alone": ("^0.0", "shop>=0.0,<0.1"),
    "a preview": ("^2.0b1", "shop>=2.0b1,<3"),
    "patch releases": ("~1.2.3", "shop>=1.2.3,<1.3"),
    "minor releases": ("~1", "shop>=1,<2"),
    "a wildcard": ("1.2.*", "shop==1.2.*"),
    "a bare version": ("1.2.3", "shop==1.2.3"),
    "ranges without a comma": (">= 1 < 2", "shop>=1,<2"),
    "several at once": ("^3.8,!=3.9.1", "shop>=3.8,<4,!=3.9.1"),
    "the compatible release of PEP 440": ("~=1.4", "shop~=1.4"),
    "extras": ({"version": "^1", "extras": ["fast", "lit"]}, "shop[fast,lit]>=1,<2"),
    "for some Pythons": (
        {"version": "*", "python": "<3.11"},
        'shop ; python_full_version < "3.11"',
    ),
    "for one system, with a marker": (
        {"version": "*", "markers": "extra == 'a' or extra == 'b'", "platform": "linux"},
        "shop ; (extra == 'a' or extra == 'b') and sys_platform == 'linux'",
    ),
    "a repository": (
        {"git": "https://example.com/shop.git", "tag": "v1", "develop": True},
        "shop @ git+https://example.com/shop.git@v1",
    ),
    "an address": ({"url": "https://example.com/shop-1.tar.gz"}, "shop @ https://example.com/shop-1.tar.gz"),
}
UNSAID = {
    "a folder": {"path": "../shop"},
    "one index": {"version": "^1", "source": "private"},
    "one of two ranges": "^1 || ^3",
    "no version": "latest",
}


@pytest.mark.parametrize(("wanted", "said"), SAID.values(), ids=SAID)
def test_it_is_said_in_the_words_of_pep_508(wanted: object, said: str) -> None:
    assert str(Requirement(requirement("shop", wanted))) == str(Requirement(said))


@pytest.mark.parametrize("wanted", UNSAID.values(), ids=UNSAID)
def test_what_pep_508_cannot_say_is_refused(wanted: object) -> None:
    with pytest.raises(ValueError, match=r"shop|latest"):
        requirement("shop", wanted)


def test_what_is_optional_comes_with_its_extra_and_python_is_no_package() -> None:
    tables = {
        "dependencies": {"python": "^3.8", "shop": ["^1", {"version": "^2", "python": ">=3.11"}], "Lamp": LAMP},
        "extras": {"lit": ["lamp"]},
    }
    assert [name for name, _ in dependencies(tables, [])] == ["shop", "shop"]
    assert [name for name, _ in dependencies(tables, ["lit"])] == ["shop", "shop", "Lamp"]


LAMP = {"version": "*", "optional": True}
