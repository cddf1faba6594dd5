"""`results.jsonl`: one JSON object a service, for other programs.

schema        1; a field that goes or changes its meaning makes it 2, a new field does not
name          of the service, once in a file
repository    the folder that its patch is applied in
dockerfile    relative to the repository, as is
context       the folder it is built in
used_by       [{origin, target, args}] what compose files and the manifest say about it, secrets hidden
state         "ready", "decision", "refused", "good" or "failed"
reason        null, or {message, hint, line} of a refusal or a failure
decisions     what a person has to decide before the patch can be merged
inventory     {base, python, python_end, is_python_over, distribution, distribution_end, is_distribution_over,
              framework, server, manager, is_pinned, user, stages, has_healthcheck}
findings      [{outcome, code, name, message, path, line, cost, advice, title, doubts, notes}];
              outcome is "fixed" (in the patch), "held" (needs a decision) or "yours"
files         the files that change, relative to the repository
patch         relative to the folder of this file, "" where there is none
patch_with    the other services that are in the same patch
withheld      why the changes are not written as a patch, or ""
measured      {before, after, failure, verdict, differences}; figures in bytes and seconds
"""

from __future__ import annotations

import json

from pydock.migrate.records.rows import Row
from pydock.terminal import in_json
from pydock.values import to_builtins

SCHEMA = 1


def line(row: Row) -> str:
    """The object described above and a line end; texts of files, and so secrets, are not in it."""
    service, record = row.service, row.record
    document = {
        "schema": SCHEMA,
        "name": service.name,
        "repository": row.repository,
        "dockerfile": service.dockerfile,
        "context": service.context,
        "used_by": [{"origin": use.origin, "target": use.target, "args": use.shown_args} for use in service.uses],
        "state": str(record.state),
        "reason": to_builtins(record.reason) if record.reason else None,
        "decisions": record.decisions,
        "inventory": to_builtins(record.inventory),
        "findings": [to_builtins(remark) for remark in record.remarks],
        "files": [change.path for change in record.changes],
        "patch": row.patch,
        "patch_with": row.partners,
        "withheld": record.withheld,
        "measured": to_builtins(record.measured),
    }
    text = json.dumps(document, ensure_ascii=False, separators=(", ", ": "))
    return in_json(text.encode("utf-8", "replace").decode()) + "\n"
