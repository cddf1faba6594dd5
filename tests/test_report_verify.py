"""A proof as text and as JSON."""

from __future__ import annotations

import json

from pydock.bench import Difference, Omission, Outcome, Promotion, Proof, Verdict
from pydock.bench.outcome import judged, unknown
from pydock.report import Failure
from pydock.report.formats.verify import document, text
from pydock.terminal import Style
from tests.schemas import own_problems

OUTCOMES = (
    judged("build", ()),
    judged("environment", (), ["TZ=UTC added"]),
    judged("files", [Difference("/app/page.html", "there", "not there")]),
    unknown("answers", "neither version stays up here"),
)
PROOF = Proof(
    Verdict.DIFFERENT,
    OUTCOMES,
    (Omission("PYD401", "root-user", (Difference("/data", "can be written", "app cannot write there"),)),),
    (Promotion("PYD104", "single-stage", "split into builder and runtime"),),
)


def test_text_begins_with_what_is_different_and_ends_with_what_is_the_same() -> None:
    assert text("Dockerfile", PROOF, Style()) == (
        "Dockerfile: not the same service\n"
        "  different: files\n"
        "      /app/page.html\n"
        "        before: there\n"
        "        after:  not there\n"
        "  could not be compared: answers: neither version stays up here\n"
        "  same: environment\n"
        "      TZ=UTC added\n"
        "  same: build\n"
        "  left out: PYD401 root-user, which makes a difference\n"
        "      /data\n"
        "        before: can be written\n"
        "        after:  app cannot write there\n"
        "  proven: PYD104 split into builder and runtime\n"
        "2 same, 1 different, 1 could not be compared.\n"
    )


def test_the_first_line_says_what_was_fixed_and_what_is_not_known() -> None:
    mended = Outcome("state", Verdict.FIXED, (Difference("container", "ended", "running"),))
    assert "the original does not run" in text("x", Proof(Verdict.FIXED, (mended,)), Style())
    partial = Proof(Verdict.SAME, (judged("build", ()), unknown("answers", "it never answers")))
    assert text("x", partial, Style()).startswith(
        "x: the same service before and after, as far as it could be compared"
    )


def test_json_has_every_aspect_and_failures() -> None:
    found = json.loads(document([("Dockerfile", PROOF), ("other", Failure("no engine", "start one"))]))
    assert own_problems(found, "verify") == []
    first, second = found["projects"]
    assert (found["schema"], first["verdict"], second["verdict"]) == (1, "different", "could not be compared")
    assert [aspect["aspect"] for aspect in first["aspects"]] == ["build", "environment", "files", "answers"]
    assert first["aspects"][2]["differences"] == [{"what": "/app/page.html", "before": "there", "after": "not there"}]
    assert first["left_out"][0]["code"] == "PYD401"
    assert first["promoted"] == [{"code": "PYD104", "name": "single-stage", "title": "split into builder and runtime"}]
    assert second["error"] == {"message": "no engine", "hint": "start one"}
