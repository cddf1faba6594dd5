"""Each line of SECURITY.md and of the ten on safety has tests that hold it; a line without any is no promise yet."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
TOP = TESTS.parent
# The beginning of each line, and the tests that hold it: FILE.TEST, without the `test_` that both have.
SECURITY = """\
`check`, `explain`, `rules`, `data` and `facts` ask nobody: network.what_asks_nobody_opens_no_connection
`server` and `mcp` ask nobody unless: agent.no_index_is_asked_unless_it_is_told_to
`fix`, `verify`, `bench` and `migrate` ask: network.the_index_of_the_machine_is_named_before_it_is_asked
A host that only the project names: network.a_host_of_the_project_hears_not_a_byte network.a_project_cannot_allow_itself
An address has to be plain: network.a_host_of_the_project_hears_not_a_byte redirects.however_a_host_is_named_it_is_not_asked
A line with a variable in it: network.a_host_of_the_project_hears_not_a_byte
Each host is named on standard error: network.what_a_person_allows_is_asked_and_said_once_before
What an answer names: redirects.a_redirection_to_a_host_that_may_not_be_asked_is_not_followed redirects.a_repository_leads_nowhere_else
An allowed name that means this machine: redirects.an_allowed_name_that_means_this_machine_or_its_link_is_not_asked
Your own proxies: redirects.the_proxy_of_a_person_is_asked_for_what_may_be_asked_and_for_nothing_else redirects.a_proxy_that_cannot_be_kept_to_its_hosts_is_told
With `--allow-builds` code of archives runs: resolve.what_an_archive_needs_is_read_or_left_unsaid
`--pin registry` and `--pin digest`: registry.it_is_asked_where_a_person_allows_it
Builds of `verify`, `bench`, `fix --verify`: audit.nothing_of_the_project_runs
Nothing of the project, unless you ask for builds: audit.nothing_of_the_project_runs
uv, in an empty folder: audit.the_resolver_is_the_only_program_and_it_works_outside_the_project
git (`--as-of git`, `migrate --branch`): git.no_key_of_a_repository_runs_anything git.a_part_that_lies_in_another_repository_is_not_followed
Each child process is told: import_path.a_child_is_told_nothing_that_is_not_meant_for_it import_path.every_own_process_is_started_on_a_safe_path_with_an_environment_of_its_kind
Start it as `pydock`: import_path.nothing_of_the_current_folder_is_imported import_path.a_program_of_the_current_folder_is_not_started
pydock writes below the build context: output.output_is_never_read_and_replaces_files_only roots.nothing_outside_of_a_root_is_read_or_written
`server` writes nothing: agent.a_path_outside_of_the_folder_is_not_answered agent.it_writes_where_a_person_has_allowed_it_and_nowhere_else server.findings_come_as_somebody_types_and_go_with_the_document
`migrate` looks at what lies below its roots: roots.nothing_outside_of_a_root_is_read_or_written
The files of a service are written all or none: journal.a_kill_at_any_step_leaves_what_the_next_run_makes_whole writing.any_exception_in_the_middle_takes_back_what_was_written migrations.a_write_that_fails_costs_its_own_service_and_no_later_run
A file that changed since it was read: writing.all_that_changed_since_it_was_read_is_seen writing.what_is_no_file_is_refused_before_anything_is_written
The store of a migration holds answers only: store.a_store_in_the_project_makes_plain_migrate_write_nothing store.a_store_that_is_none_of_pydock_s_is_refused_and_stays
The results of a migration go: results_folder.the_usual_folder_for_results_is_in_no_project_and_is_found_again results_folder.a_folder_for_results_that_leads_elsewhere_is_refused
What PYD501, PYD502 and PYD210 find: printing.a_secret_is_found_and_in_no_output
What looks like a secret by its name or shape: secrets.a_text_of_which_nothing_is_known_is_masked_by_names_and_shapes secrets.what_is_no_secret_is_not_reported_and_not_hidden
A difference that would show a secret: printing.a_command_line_prints_no_secret printing.nothing_that_a_migration_leaves_holds_a_secret
Control characters (C1 included): terminals.nothing_steers_the_reader terminals.a_difference_in_a_pipe_is_a_patch_and_on_a_terminal_it_is_for_the_eye
A path that would be a command: formats.the_name_of_a_folder_is_no_command
pydock cannot know a secret: secrets.what_is_no_secret_is_not_reported_and_not_hidden
A Dockerfile has 60 seconds: isolation.the_next_project_is_answered isolation.verify_goes_on_to_the_next isolation.bench_tells_what_stopped_it
`budget-seconds` and `budget-memory`: isolation.a_file_may_not_ask_for_more_time_than_a_file_may
A project that takes more: isolation.the_next_project_is_answered migrations.a_write_that_fails_costs_its_own_service_and_no_later_run
`migrate` examines each service: migrate_keeper.what_a_bad_service_did_is_told_and_the_others_are_answered migrations.what_cannot_be_read_for_its_key_is_told_and_the_others_are_written
Should a parser that is written in C: isolation.a_parser_that_crashes_costs_its_project_where_there_are_processes migrate_keeper.what_a_bad_service_did_is_told_and_the_others_are_answered
Where not all of a build context: bounds.what_was_not_seen_of_a_context_keeps_fixes_back
Seconds are enforced where: bounds.a_hostile_project_is_answered_within_its_budget
"""  # noqa: E501
README = """\
Nothing of a project is believed: network.a_project_cannot_allow_itself git.all_of_them_together_run_nothing_in_a_migration
It makes pydock ask no host: network.a_host_of_the_project_hears_not_a_byte redirects.however_a_host_is_named_it_is_not_asked
Each host is named on standard error: network.what_a_person_allows_is_asked_and_said_once_before
Nothing of a project is executed: audit.nothing_of_the_project_runs git.no_key_of_a_repository_runs_anything
Child processes get the variables: import_path.a_child_is_told_nothing_that_is_not_meant_for_it
Start it as `pydock`: import_path.nothing_of_the_current_folder_is_imported
All files of a service are written: journal.a_kill_at_any_step_leaves_what_the_next_run_makes_whole writing.a_file_that_changed_since_it_was_read_is_not_written_over
Mode bits stay: tree.mode_bits_stay writing.an_owner_stays_or_what_became_of_it_is_told writing.other_names_of_a_file_keep_the_old_text_and_that_is_told
Secrets that are found: printing.a_secret_is_found_and_in_no_output terminals.nothing_steers_the_reader
A project that takes more than 60 seconds: isolation.the_next_project_is_answered migrations.what_cannot_be_examined_is_told_and_the_others_are_written
"""  # noqa: E501


def _promises(text: str) -> Iterator[str]:
    """The entries of lists, each as one line."""
    for line in re.sub(r"\n(?!- |\d+\. |#|\n)\s*", " ", text).splitlines():
        if entry := re.match(r"(?:- |\d+\. )(.*)", line):
            yield entry[1]


def _map(text: str) -> Mapping[str, tuple[str, ...]]:
    pairs = (line.rpartition(": ") for line in text.splitlines())
    return {begin: tuple(tests.split()) for begin, _, tests in pairs}


def _safety() -> str:
    text = (TOP / "docs/safety.md").read_text("utf-8")
    return text[text.index("In ten lines:") : text.index("## What is written")]


PAGES = {"SECURITY.md": ((TOP / "SECURITY.md").read_text("utf-8"), SECURITY), "Safety": (_safety(), README)}


@pytest.mark.parametrize("page", PAGES)
def test_every_line_has_its_tests(page: str) -> None:
    text, told = PAGES[page]
    found = list(_promises(text))
    known = _map(told)
    assert len(found) == len(known), "a line is here for each one there"
    for promise, begin in zip(found, known, strict=True):
        assert promise.startswith(begin), "in their order"
    assert page != "Safety" or len(found) == 10


@pytest.mark.parametrize("page", PAGES)
def test_the_tests_are_there(page: str) -> None:
    for name in {name for names in _map(PAGES[page][1]).values() for name in names}:
        file, _, test = name.partition(".")
        places = [place for folder in ("hostile", ".") if (place := TESTS / folder / f"test_{file}.py").is_file()]
        assert places, name
        tree = ast.parse(places[0].read_text("utf-8"))
        tests = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert f"test_{test}" in tests, name
