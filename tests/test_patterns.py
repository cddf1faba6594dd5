"""Looking for words before looking for a pattern saves time and hides nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydock.build.containers import calls
from pydock.project.secrets import masking, names, shapes
from pydock.rules.run_time import log_to_file
from pydock.service.code import media_types
from pydock.service.files import module_writes
from pydock.service.users import rights
from pydock.split.facts import slim

PATTERNS = {
    "what only root may do": rights._RIGHTS,
    "what asks for media types": media_types._ASKS_HINT,
    "what answers with files": media_types._ANSWERS_HINT,
    "what calls a compiler": calls._COMPILES,
    "what needs a screen": slim._WINDOWS,
    "what logs to a file": log_to_file._HANDLER,
    "what may write": module_writes._HINT,
    "a token by its shape": shapes._SHAPE,
    "a URL with a user": shapes._URL,
    **{f"{kind}, {at}": pattern for at, (kind, pattern) in enumerate(shapes._COMPILED)},
}


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
@given(st.data())
def test_whatever_a_pattern_finds_has_one_of_its_words(pattern: re.Pattern[str], data: st.DataObject) -> None:
    text = data.draw(st.from_regex(re.compile(pattern.pattern, pattern.flags)))
    assert pattern.search(text)


@given(
    st.from_regex(names._SECRET_PART.pattern, fullmatch=True)
    | st.from_regex(names._KEYED.pattern, fullmatch=True).map(lambda name: f"{name}_KEY")
)
def test_whatever_names_a_secret_has_a_word_that_masking_looks_for(name: str) -> None:
    assert masking._TELLING.search(name)


CALLS = {
    "open(name)": False,
    "open(name, 'r')": False,
    "open(name, 'rb')": False,
    "open(name, encoding='utf-8')": False,
    "open('name', \"r\", encoding='utf-8',\n)": False,
    "path.open()": False,
    "path.open('r', encoding='utf-8')": False,
    "reopen(name, 'w')": False,
    "open(name, 'w')": True,
    "open(name, mode)": True,
    "open(name, encoding='utf-8', mode='a')": True,
    "open(join(folder, name), 'w')": True,
    "path.open('w')": True,
    "gzip.open(name, 'wb')": True,
    "open(name) and open(name, 'w')": True,
    "record.save()": False,
    "record.save(force=True)": False,
    "image.save(name)": True,
    "from django.db import models": False,
    "connect('service.db')": True,
}


@pytest.mark.parametrize(("text", "is_read"), CALLS.items(), ids=CALLS)
def test_only_a_file_that_may_write_is_parsed_for_it(text: str, is_read: bool) -> None:
    assert module_writes.may_write(text) is is_read
