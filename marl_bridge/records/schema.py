"""The tables of the record, and how a file of an older version becomes one of this.

``MIGRATIONS[k]`` turns version ``k`` into ``k + 1``; an empty file has version 0. A migration that
was published is never changed: add one, and the next version knows how to read all files.
"""

from __future__ import annotations

__all__ = ["APPLICATION", "MIGRATIONS"]

APPLICATION = 0x4D425231  # "MBR1" in the file's header: what tells a record from other databases

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        create table checks (
            id integer primary key,
            made_at text not null,
            environment text not null,
            env_kwargs text not null,
            api text not null,
            fingerprint text,
            gap_kind text not null,
            gap_lower real not null,
            gap_upper real,
            gap_confidence real not null,
            gap_method text not null,
            seed text not null,
            episodes integer not null,
            versions text not null,
            report text not null
        )
        """,
        """
        create table seats (
            check_id integer not null references checks (id) on delete cascade,
            seat integer not null,
            agent text not null,
            policy text not null,
            sha256 text,
            expected_return real,
            return_lower real,
            return_upper real,
            optimal_value real,
            worst_case_return real,
            gap_kind text not null,
            gap_lower real not null,
            gap_upper real,
            gap_confidence real not null,
            gap_method text not null,
            primary key (check_id, seat)
        )
        """,
        """
        create table cells (
            id integer primary key,
            made_at text not null,
            environment text not null,
            env_kwargs text not null,
            players text not null,
            profile text not null,
            player text not null,
            value real not null,
            lower real,
            upper real,
            confidence real not null,
            certified integer not null,
            method text not null,
            episodes integer not null,
            seed text not null,
            unique (environment, env_kwargs, profile, player, seed, episodes, value)
        )
        """,
        "create index checks_by_environment on checks (environment, env_kwargs)",
    ),
)
