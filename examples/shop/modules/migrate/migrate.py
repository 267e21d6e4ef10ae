"""Applies the SQL files of /migrations in order, each once. Where the database is, the PG* variables say."""

import pathlib
import signal
import sys
import time

import psycopg2

DEADLINE = 60  # seconds for the database to answer
LOCK = 7_071_905  # any number: two migrations at a time take turns


def connect():
    """The database may still be starting, so a refusal only counts at the deadline."""
    give_up_at = time.monotonic() + DEADLINE
    last = None
    while True:
        try:
            return psycopg2.connect("", connect_timeout=3)
        except psycopg2.OperationalError as error:
            reason = str(error).strip().splitlines()[0]
            if time.monotonic() > give_up_at:
                sys.exit(f"No database after {DEADLINE} s: {reason}")
            if reason != last:
                print(f"waiting for the database: {reason}")
            last = reason
            time.sleep(0.5)


def migrate(connection):
    with connection, connection.cursor() as cursor:  # one transaction: all files or none
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute("CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, applied_at timestamptz DEFAULT now())")
        cursor.execute("SELECT name FROM migrations")
        applied = {name for (name,) in cursor.fetchall()}
        files = sorted(pathlib.Path("/migrations").glob("*.sql"))
        for file in files:
            if file.name in applied:
                continue
            print(f"applying {file.name}")
            cursor.execute(file.read_text())
            cursor.execute("INSERT INTO migrations (name) VALUES (%s)", [file.name])
    print(f"{len(files)} migrations, {len(files) - len(applied)} of them new")


signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
connection = connect()
migrate(connection)
connection.close()
