"""Which source asks for the media types of files, that slim has no table of."""

from __future__ import annotations

import pytest

from pydock.service.code.media_types import answers_with_files, asks_for_types

ASKING = (
    ("import mimetypes\nmimetypes.guess_type('a.webp')\n", True),
    ("from mimetypes import guess_type as kind\nkind('a.webp')\n", True),
    ("import mimetypes as m\nkinds = map(m.guess_type, names)\n", True),
    ("import mimetypes\nmimetypes.add_type('text/css', '.css')\n", False),
    ("from mimetypes import guess_type\n", False),
    ("from filetype import guess\nguess('a')\n", False),
)
ANSWERING = (
    ("from fastapi.responses import FileResponse\nreturn_ = FileResponse(path)\n", True),
    ("from fastapi.responses import FileResponse\n@app.get('/', response_class=FileResponse)\ndef get(): ...\n", True),
    ("from flask import send_file\nsend_file(path, as_attachment=True)\n", True),
    ("import flask\nflask.send_file(path, mimetype=None)\n", True),
    ("from http.server import SimpleHTTPRequestHandler\nclass H(SimpleHTTPRequestHandler): ...\n", True),
    ("from django.conf.urls.static import static\nurls = static('/media/')\n", True),
    ("from django.conf.urls.static import static\n", False),
    ("from fastapi.responses import FileResponse\nFileResponse(path, media_type='video/mp4')\n", False),
    ("from flask import send_file\nsend_file(path, mimetype=kind)\n", False),
    ("from fastapi.responses import FileResponse\ndef get() -> FileResponse: ...\n", False),
    ("from django.templatetags.static import static\nstatic('a.css')\n", False),
)


@pytest.mark.parametrize(("source", "asks"), ASKING)
def test_who_calls_mimetypes_asks_for_types(source: str, asks: bool) -> None:
    assert asks_for_types(source) is asks


@pytest.mark.parametrize(("source", "answers"), ANSWERING)
def test_who_answers_with_a_file_of_no_type_asks_for_it(source: str, answers: bool) -> None:
    assert answers_with_files(source) is answers


def test_source_that_cannot_be_read_may_ask() -> None:
    assert asks_for_types("print 'a'\nmimetypes.guess_type('a')\n")
    assert answers_with_files("print 'a'\nFileResponse('a')\n")
