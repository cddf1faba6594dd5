"""Many services: found, examined one by one in processes that may die, kept, and reported.

    roots ─► find ─► Service ─► fingerprint ─► kept already? ─► store
                                    │ no
                                    ▼
             pool (threads here, or a Dask cluster) ─► keeper ─► child process ─► examine ─► record ─► store
                                                                                                        │
                                 joint (services that change the same file) ◄──────────────────────────┘
                                    ▼
             patches, results.jsonl, summary.md, report.html; with --apply or --branch the repositories

A record is plain JSON from the moment it leaves the child, so it crosses processes, machines and runs as it is.
"""
