"""A Dask cluster does the same work: a real scheduler with two workers."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pydock.cli import main
from tests.fleet import digest, generate

distributed = pytest.importorskip("distributed", reason="distributed is not installed")


@pytest.fixture
def scheduler(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        yield cluster.scheduler_address


def test_two_workers_of_a_cluster_give_the_report_that_one_machine_gives(
    scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(tmp_path / "services", 6)
    monkeypatch.chdir(tmp_path)
    found = []
    for options in (["--scheduler", scheduler], ["--jobs", "2"]):
        with pytest.raises(SystemExit) as stopped:
            main(["migrate", "services", "--out", "out", *options])
        found.append((stopped.value.code, digest(tmp_path / "out")))
        (tmp_path / "out").rename(tmp_path / f"out-{len(found)}")
    assert found[0] == found[1]


def test_a_scheduler_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pydock.migrate.run.worker_pool._CONNECT_SECONDS", 1)
    generate(tmp_path / "services", 1)
    with pytest.raises(SystemExit) as stopped:
        main(
            ["migrate", str(tmp_path / "services"), "--out", str(tmp_path / "out"), "--scheduler", "tcp://127.0.0.1:9"]
        )
    assert stopped.value.code == 2
    assert "127.0.0.1:9" in capsys.readouterr().err
