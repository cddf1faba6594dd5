"""Values beside the name of a secret that are none: empty ones, places, variables, and what everybody knows."""

from __future__ import annotations

import re

from pydock.patterns import regex

_NO_VALUE = regex(
    r"(?:true|false|yes|no|on|off|none|null|nil|undefined|random|\*\*\w+\*\*|\d{0,2}|[-*.x_#]*|\[\]|\{\})\Z", re.I
)
_PLACE = regex(r"(?:\.{0,2}/|~/|file:|[A-Za-z]:\\)|.*\.(?:pem|key|json|txt|crt|ya?ml)\Z")
_ELSEWHERE = regex(r"https?://|vault:|secretsmanager:")
# `$6$salt$...` is the hash of a password (crypt(5)) and no variable.
_VARIABLE = regex(r"[\"']?(?:\$(?!(?:1|2[abxy]?|5|6|7|y|gy|apr1|argon2\w{1,2})\$)[\w{(]|`|%\w+%|\{\{|\$\{\{)")
_NAMED = regex(r"\W*(?:<[^<>]*>|\{\{.*|\[[\w -]+\]|_{1,2}\w+_{1,2})\W*\Z", re.S)
_LONGEST = 64
# A value that is made of these alone could stand in any example.
_WORDS = """
    a abc abcd abcdef access account admin administrator airflow an any api app asdf at auth authentication bar baz
    be blank build builder building but by celery change changed changeit changeme ci client collect collectstatic
    compose container cookie credential credentials database db default demo dev devel develop developer development
    django do docker doesnt dont dummy during elastic empty enter env environment example examples fake fastapi fill
    fixme flask foo for from generate generated goes guest hash hello here id ignore ignored image in insecure
    insert is it jupyter just jwt key letmein local localhost login long maria mariadb matter me minio missing mock
    mongo mongodb must my mysql na name needed new nil no nobody none not nothing null of on one only or our
    overridden override pass passphrase passw0rd passwd password phrase place placeholder please postgres postgresql
    private prod production provide public put pw pwd python qux qwerty rabbit rabbitmq random real redis replace
    replaced replaceme required root run runtime s3cr3t sa safe salt sample secret secretkey secrets secure server
    service session set setup sign signing site some something stage staging static string strong stub super
    supersecret tbd temp temporary test tester testing tests that the this time tmp to todo token undefined unsafe
    unset unused use used user username using valid value var variable very web welcome will with world x xyz your
    yours
"""
_RUN = r"1234567890|123456789|(?<!\d)(?:12345678|1234567|123456|12345|(\d)\1*|\d{1,4})(?!\d)"
_PLACEHOLDER = regex(rf"(?:{'|'.join(sorted(_WORDS.split(), key=len, reverse=True))}|{_RUN}|[\W_])+\Z", re.I)


def is_no_value(value: str) -> bool:
    """Whether a value says that there is none, names a file or another place, or is a variable."""
    if _NO_VALUE.match(value) or _VARIABLE.match(value) or _ELSEWHERE.match(value):
        return True
    return bool(_PLACE.match(value)) and not any(map(is_mixed, re.split(r"[/\\]", value)))


def is_variable(value: str) -> bool:
    """Whether a value begins with what a shell, a template or a workflow puts in."""
    return bool(_VARIABLE.match(value))


def is_placeholder(value: str) -> bool:
    """Whether a value only stands for one: `dummy`, `changeme`, `<token>`, `your-secret-key-here`, `test1234`."""
    value = value.strip()
    return bool(_NAMED.match(value)) or (len(value) <= _LONGEST and bool(_PLACEHOLDER.match(value)))


def is_mixed(value: str) -> bool:
    """Whether a value is long and has what random ones have: digits, small and capital letters."""
    is_long = len(value) >= 20 and re.fullmatch(r"[\w+/=.-]+", value)
    return bool(is_long and re.search(r"\d", value) and re.search(r"[A-Z]", value) and re.search(r"[a-z]", value))
