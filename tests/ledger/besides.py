"""What happens beside the Ledger: statements past it, and other processes."""

import os
import subprocess
import sys
from pathlib import Path

import apsw

import ledger as package

SOURCES = str(Path(package.__file__).parents[1])


def raw(path, sql, *parameters):
    """Run a statement on a closed ledger's file, past the Ledger."""
    connection = apsw.Connection(str(path))
    try:
        return connection.execute(sql, parameters).fetchall()
    finally:
        connection.close()


def python(script, *arguments, **how):
    env = {**os.environ, "PYTHONPATH": SOURCES}
    return subprocess.Popen([sys.executable, "-c", script, *map(str, arguments)], env=env, text=True, **how)
