"""The words of a command that a compose file has as one string.

No shell reads it: an operator ends it, and what follows is lost without a word.
https://github.com/mattn/go-shellwords/blob/master/shellwords.go, read 2026-11.
"""

from __future__ import annotations

_SPACES = " \t\r\n"
_OPERATORS = ";&|<>"


def split(text: str) -> list[str]:
    """The words that compose makes of a string; those between blanks where it would refuse the string."""
    found: list[str] = []
    word: list[str] = []
    quote, is_escaped, is_word = "", False, False
    for letter in text:
        if is_escaped:
            word.append(letter)
            is_escaped, is_word = False, True
        elif letter == "\\" and quote != "'":
            is_escaped = True
        elif letter in _SPACES and not quote:
            found += ["".join(word)] if is_word else []
            word, is_word = [], False
        elif not quote and letter in _OPERATORS:
            if letter == ">" and word and word[0].isdigit():
                is_word = False
            break
        else:
            is_mark, quote = _quoted(letter, quote, word)
            word += [] if is_mark else [letter]
            is_word = True
    if quote or is_escaped:
        return text.split()
    return [*found, "".join(word)] if is_word else found


def _quoted(letter: str, quote: str, word: list[str]) -> tuple[bool, str]:
    """Whether a letter is a quotation mark that is taken off, and what is quoted from there on.

    Backquotes and `$(...)` stay in the word, blanks and all.
    """
    match letter, quote:
        case ("'" | '"', ""):
            return True, letter
        case ("'" | '"', _) if letter == quote:
            return True, ""
        case ("`", "") | ("`", "`"):
            return False, "" if quote else "`"
        case ("(", "") if word[-1:] == ["$"]:
            return False, ")"
        case (")", ")"):
            return False, ""
        case _:
            return False, quote
