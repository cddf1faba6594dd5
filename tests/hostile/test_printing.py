"""What is found to be a secret is in no output: not before a rewrite, not after it, in no form and in no store."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pydock.ask import Question, answer, plan
from pydock.bench.masks import masked as made_equal
from pydock.cli_options import Format
from pydock.discover import target
from pydock.errors import BuildError, PydockError
from pydock.migrate import page, results, summary
from pydock.migrate.examine import Task, examine
from pydock.migrate.find import Service
from pydock.migrate.record import State
from pydock.migrate.rows import Row
from pydock.project import Project, hiding
from pydock.project.facts import facts
from pydock.project.pins import Answer as Pins
from pydock.project.secrets import is_placeholder, mask, weigh
from pydock.project.secrets.values import Weight
from pydock.report import Answer, concise, diff, failed, github, gitlab, junit, markdown, sarif, text
from pydock.report import facts as facts_report
from pydock.report import json as json_report
from pydock.report.explain import page as _
from pydock.resolve.output import explained
from pydock.rules import RULES
from pydock.terminal import Style
from pydock.tree import Tree
from tests.command_line import Runner
from tests.hostile.secrets_kinds import KINDS, PLAIN, Kind
