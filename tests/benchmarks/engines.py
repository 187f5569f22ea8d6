"""Five SQL engines behind one face: load a table, create one from a SELECT, fetch one. Used by warehouse.py."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from glob import glob
from io import StringIO
from pathlib import Path

import duckdb
import pandas as pd

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1])]

from segmentation.vocabulary import PLACED, REQUIRED  # noqa: E402


def canonical(table: pd.DataFrame) -> pd.DataFrame:
    """The table with our own column names: PostgreSQL writes all in lower case."""
    return table.rename(columns={name.lower(): name for name in (*REQUIRED, *PLACED)})


def table_from(text: str, delimiter: str) -> pd.DataFrame:
    """A table that a client printed; ids stay texts."""
    return canonical(pd.read_csv(StringIO(text), sep=delimiter, dtype={"Customer_ID": str, "customer_id": str}))


class Sqlite:
    """SQLite of Python."""

    types, text = (("TEXT", "REAL"), ("DATE", "DECIMAL(12, 2)")), "TEXT"

    def __init__(self):
        self.base = sqlite3.connect(":memory:")
        self.version = f"SQLite {sqlite3.sqlite_version}"

    @classmethod
    @contextmanager
    def started(cls, _):
        """A base in memory."""
        found = cls()
        yield found
        found.base.close()

    def load(self, name: str, rows: pd.DataFrame, columns: str) -> None:
        """Create a table of these columns and fill it."""
        self.base.execute(f"DROP TABLE IF EXISTS {name}")
        self.base.execute(f"CREATE TABLE {name} ({columns})")
        rows = rows.assign(Order_Date=rows["Order_Date"].astype(str))
        self.base.executemany(f"INSERT INTO {name} VALUES (?, ?, ?, ?)", rows.astype(object).to_numpy().tolist())

    def create(self, name: str, select: str) -> None:
        """Create a table from a SELECT."""
        self.base.execute(f"DROP TABLE IF EXISTS {name}")
        self.base.execute(f"CREATE TABLE {name} AS {select}")

    def fetch(self, name: str) -> pd.DataFrame:
        """All of a table."""
        return pd.read_sql_query(f"SELECT * FROM {name}", self.base)


class DuckDb:
    """DuckDB in memory."""

    types, text = (("DATE", "DECIMAL(12, 2)"), ("TIMESTAMP", "DOUBLE")), "VARCHAR"

    def __init__(self):
        self.base = duckdb.connect()
        self.version = f"DuckDB {duckdb.__version__}"

    @classmethod
    @contextmanager
    def started(cls, _):
        """A base in memory."""
        found = cls()
        yield found
        found.base.close()

    def load(self, name: str, rows: pd.DataFrame, columns: str) -> None:
        """Create a table of these columns and fill it."""
        self.base.execute(f"CREATE OR REPLACE TABLE {name} ({columns})")
        self.base.register("given", rows)
        self.base.execute(f"INSERT INTO {name} SELECT * FROM given")

    def create(self, name: str, select: str) -> None:
        """Create a table from a SELECT."""
        self.base.execute(f"CREATE OR REPLACE TABLE {name} AS {select}")

    def fetch(self, name: str) -> pd.DataFrame:
        """All of a table."""
        return self.base.execute(f"SELECT * FROM {name}").df()


def command(*words, user: str | None = None, given: str | None = None) -> str:
    """Run a program, as another user where this is root; what it printed."""
    switch = ["runuser", "-u", user, "--"] if user and os.geteuid() == 0 else []
    done = subprocess.run([*switch, *map(str, words)], input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{words[0]}: {done.stderr[-2000:]}")
    return done.stdout


class Server:
    """A server with a client that reads SQL and prints tables."""

    user, delimiter = "", ","

    def __init__(self, folder: Path):
        self.folder = folder

    @classmethod
    @contextmanager
    def started(cls, _):
        """A server with its data in a folder that is thrown away, reached through a socket there."""
        folder = Path(tempfile.mkdtemp(prefix=f"{cls.__name__.lower()}-"))
        if os.geteuid() == 0:
            shutil.chown(folder, cls.user, cls.user)
        server = cls(folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()
            shutil.rmtree(folder, ignore_errors=True)

    def create(self, name: str, select: str) -> None:
        """Create a table from a SELECT."""
        self.run(f"DROP TABLE IF EXISTS {name};\nCREATE TABLE {name} AS\n{select}")

    def load(self, name: str, rows: pd.DataFrame, columns: str) -> None:
        """Create a table of these columns and fill it from a file."""
        path = self.folder / f"{name}.csv"
        rows.to_csv(path, index=False, header=False)
        path.chmod(0o644)
        fill = self.copy.format(name=name, path=path)
        self.run(f"DROP TABLE IF EXISTS {name};\nCREATE TABLE {name} ({columns});\n{fill}")


class Postgres(Server):
    """PostgreSQL as Debian packs it."""

    types = (("DATE", "NUMERIC(12, 2)"), ("TIMESTAMP", "DOUBLE PRECISION"), ("TIMESTAMPTZ", "NUMERIC"))
    text = "VARCHAR(40)"
    user, copy = "postgres", "\\copy {name} FROM '{path}' WITH (FORMAT csv)"

    def start(self) -> None:
        """Make a cluster and start it."""
        self.programs = Path(sorted(glob("/usr/lib/postgresql/*/bin"))[-1])
        data, socket = self.folder / "data", f"-c listen_addresses= -c unix_socket_directories={self.folder}"
        command(self.programs / "initdb", "-D", data, "-A", "trust", "-U", "postgres", user=self.user)
        log = self.folder / "log"
        command(self.programs / "pg_ctl", "-D", data, "-o", socket, "-l", log, "-w", "start", user=self.user)
        self.version = f"PostgreSQL {self.run('SHOW server_version').split()[0]}"

    def stop(self) -> None:
        """Stop it."""
        if (self.folder / "data" / "postmaster.pid").exists():
            command(self.programs / "pg_ctl", "-D", self.folder / "data", "-m", "fast", "-w", "stop", user=self.user)

    def run(self, sql: str) -> str:
        """Run statements; what the last one printed."""
        reach = ["-h", self.folder, "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-q", "-At"]
        return command(self.programs / "psql", *reach, given=sql)

    def fetch(self, name: str) -> pd.DataFrame:
        """All of a table."""
        return table_from(self.run(f"COPY {name} TO STDOUT WITH (FORMAT csv, HEADER)"), ",")


class MariaDb(Server):
    """MariaDB as Debian packs it."""

    types, text = (("DATE", "DECIMAL(12, 2)"), ("DATETIME", "DOUBLE")), "VARCHAR(40)"
    server, user = None, "mysql"
    copy = "LOAD DATA LOCAL INFILE '{path}' INTO TABLE {name} FIELDS TERMINATED BY ',';"

    def start(self) -> None:
        """Make a data folder and start the server on it."""
        data, self.socket = self.folder / "data", self.folder / "socket"
        made = ["--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db"]
        command("mariadb-install-db", *made, user=self.user)
        options = [f"--datadir={data}", f"--socket={self.socket}", "--skip-networking", f"--pid-file={self.folder}/pid"]
        switch = [f"--user={self.user}"] if os.geteuid() == 0 else []
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.server = subprocess.Popen(["mariadbd", "--no-defaults", *options, *switch], **quiet)
        until = time.monotonic() + 60
        while not self.socket.exists() and time.monotonic() < until:
            time.sleep(0.2)
        self.run("CREATE DATABASE shop CHARACTER SET utf8mb4", base="mysql")
        self.version = f"MariaDB {self.run('SELECT VERSION()').split()[-1].split('-')[0]}"

    def stop(self) -> None:
        """Stop it."""
        if self.server:
            self.server.terminate()
            self.server.wait(60)

    def run(self, sql: str, base: str = "shop") -> str:
        """Run statements; what the last one printed, tab-delimited with a header."""
        reach = ["--no-defaults", f"--socket={self.socket}", "--user=root", "--local-infile=1", "--batch", base]
        return command("mariadb", *reach, given=sql)

    def fetch(self, name: str) -> pd.DataFrame:
        """All of a table."""
        return table_from(self.run(f"SELECT * FROM {name}"), "\t")


class Spark:
    """PySpark on two cores, in a process of a Python that has it (on_spark.py)."""

    types, text = (("DATE", "DECIMAL(12, 2)"), ("TIMESTAMP", "DOUBLE")), "STRING"

    def __init__(self, python: str, folder: Path):
        self.folder = folder
        script = Path(__file__).with_name("on_spark.py")
        with open(folder / "log", "w", encoding="utf-8") as log:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log}
            self.process = subprocess.Popen([python, str(script), str(folder)], text=True, **pipes)
        self.version = f"Spark {self._answer()}"

    @classmethod
    @contextmanager
    def started(cls, python):
        """Spark with its tables in a folder that is thrown away."""
        folder = Path(tempfile.mkdtemp(prefix="spark-"))
        found = cls(python, folder)
        try:
            yield found
        finally:
            found.process.stdin.close()
            found.process.wait(60)
            shutil.rmtree(folder, ignore_errors=True)

    def _answer(self) -> str:
        """The next line that the process prints."""
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError((self.folder / "log").read_text(encoding="utf-8")[-3000:])
        return line.strip()

    def _ask(self, **step) -> None:
        """Have a step done."""
        self.process.stdin.write(json.dumps(step) + "\n")
        self.process.stdin.flush()
        self._answer()

    def load(self, name: str, rows: pd.DataFrame, columns: str) -> None:
        """Create a table of these columns and fill it from a file."""
        rows.to_csv(self.folder / f"{name}.csv", index=False, header=False)
        self._ask(load=name, columns=columns)

    def create(self, name: str, select: str) -> None:
        """Create a table from a SELECT."""
        self._ask(create=name, select=select)

    def fetch(self, name: str) -> pd.DataFrame:
        """All of a table."""
        self._ask(fetch=name)
        files = sorted((self.folder / f"{name}.out").glob("*.csv"))
        return pd.concat([pd.read_csv(file, dtype={"Customer_ID": str}) for file in files], ignore_index=True)


ENGINES = [Sqlite, DuckDb, Postgres, MariaDb, Spark]
