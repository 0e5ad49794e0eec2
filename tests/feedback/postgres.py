"""A PostgreSQL of the tests' own, where its programs are installed (Debian: postgresql)."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

USER = "chip"


def find_programs() -> Path | None:
    """Return the folder of PostgreSQL's programs; None if there is none."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    found = shutil.which("initdb")
    return debian[-1] if debian else Path(found).parent if found else None


@contextmanager
def running_postgres(programs: Path) -> Iterator[str]:
    """Run a server on loopback until the end of the context; lend its address without a database's name."""
    owner = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="chip-postgres-"))
    if owner is not None:
        shutil.chown(folder, owner)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    data = folder / "data"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, "user": owner}
    initdb = [programs / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run(initdb, check=True, **quiet)  # type: ignore[call-overload]
    command = [programs / "postgres", "-D", data, "-p", str(port), "-k", folder, "-c", "fsync=off"]
    server = subprocess.Popen([*command, "-c", "listen_addresses=127.0.0.1"], **quiet)  # type: ignore[call-overload]
    try:
        url = f"postgresql://{USER}@127.0.0.1:{port}"
        wait_until_ready(port)
        yield url
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def wait_until_ready(port: int) -> None:
    """Wait until the server takes connections."""
    for _ in range(300):
        try:
            run_sql(f"postgresql://{USER}@127.0.0.1:{port}/postgres", "SELECT 1")
        except Exception:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("PostgreSQL does not start")


def run_sql(url: str, statement: str) -> None:
    """Run one statement outside of a transaction."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()
