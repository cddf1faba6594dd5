"""Files that calls of libraries write, by where the call says it."""

from __future__ import annotations

import pytest

from pydock.service.files.module_writes import may_write, read_writes

WRITES = [
    pytest.param("joblib.dump(model, 'out/model.pkl')\n", ["/app/out/model.pkl"], id="joblib"),
    pytest.param("np.save('out.npy', rows)\n", ["/app/out.npy"], id="numpy"),
    pytest.param("torch.save(model.state_dict(), '/models/last.pt')\n", ["/models/last.pt"], id="torch"),
    pytest.param("frame.to_csv('report.csv')\n", ["/app/report.csv"], id="pandas"),
    pytest.param("import soundfile as sf\nsf.write('tone.wav', data, 44100)\n", ["/app/tone.wav"], id="a sound"),
    pytest.param("json.dump(data, stream)\n", [], id="not into what is open already"),
    pytest.param("stream.write('text')\n", [], id="not the text of a stream"),
]


@pytest.mark.parametrize(("source", "paths"), WRITES)
def test_a_call_that_writes_tells_where(source: str, paths: list[str]) -> None:
    found = read_writes(source, "/app/main.py", "/app", ())
    told = [each.path or "" for each in found]
    assert [path if path.startswith("/") else f"/app/{path}" for path in told] == paths
    assert may_write(source) or not paths
