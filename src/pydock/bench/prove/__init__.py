"""Whether a rewrite leaves the service the same."""

from __future__ import annotations

from pydock.bench.prove.proof import Ways, compared, proven

__all__ = ["Ways", "compared", "proven"]
