"""PgBouncer in front of a test's or a benchmark's database."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from infra.local.program import Program, free_port, halt, launch, port_taken, wait_ready
from tests.system import require

Mode = Literal["transaction", "session"]
CONFIGURATION = """
[databases]
* = host=127.0.0.1 port={server} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {pool}
max_client_conn = 200
server_round_robin = 1
"""


@contextmanager
def pooled(
    url: str, home: Path, *, pool: int = 5, mode: Literal["transaction", "session"] = "transaction"
) -> Iterator[str]:
    """The same database's address through a pooler of `pool` server connections; it runs as long as this lasts.

    Args:
        home: a folder for its configuration and its log.
    """
    there, port = urlsplit(url), free_port()
    configuration = home / "pgbouncer.ini"
    configuration.write_text(CONFIGURATION.format(server=there.port, port=port, pool=pool, mode=mode))
    program = Program(
        name="pgbouncer",
        command=[require("pgbouncer"), str(configuration)],
        ready=lambda _: port_taken(port),
        user="nobody" if os.geteuid() == 0 else None,
    )
    process = launch(program, home / "pgbouncer.log")
    try:
        wait_ready(program, process, home / "pgbouncer.log")
        yield f"postgresql://postgres@127.0.0.1:{port}{there.path}"
    finally:
        halt(process, program.stop_signal, program.patience)
