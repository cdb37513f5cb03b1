"""The register's PostgreSQL keeps what it said it keeps, whatever ends it."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.local import postgres, processes
from deploy.local.postgres import BINARIES, OWNER, Cluster
from deploy.local.processes import LOOPBACK


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("postgres")


@pytest.fixture
def cluster(folder: Path) -> Iterator[Cluster]:
    running = postgres.start(folder)
    yield running
    running.stop()


def asked(cluster: Cluster, sql: str, database: str = "postgres") -> str:
    address = cluster.url(database).replace("+psycopg", "")
    told = subprocess.run(  # noqa: S603 - our own binary
        [BINARIES / "psql", "-X", "-A", "-t", "-q", "--set=ON_ERROR_STOP=1", "-c", sql, address],
        capture_output=True,
        check=True,
    )
    return told.stdout.decode().strip()


def test_a_commit_is_on_disk_before_it_is_said(cluster: Cluster) -> None:
    promised = asked(
        cluster,
        "SELECT name, setting FROM pg_settings WHERE name IN"
        " ('fsync', 'synchronous_commit', 'full_page_writes') ORDER BY name",
    )

    assert promised.splitlines() == ["fsync|on", "full_page_writes|on", "synchronous_commit|on"]


def test_russian_words_are_lowered_as_russian_words(cluster: Cluster) -> None:
    assert asked(cluster, "SELECT lower('ЗАЯВКА Ё')") == "заявка ё"


def test_a_stranger_without_the_password_is_turned_away(cluster: Cluster) -> None:
    stranger = subprocess.run(  # noqa: S603 - our own binary
        [BINARIES / "psql", "-w", "-h", LOOPBACK, "-p", str(cluster.port), "-U", OWNER, "postgres"],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )

    assert stranger.returncode != 0
    assert b"password" in stranger.stderr


def test_the_server_listens_on_loopback_only(cluster: Cluster) -> None:
    assert asked(cluster, "SHOW listen_addresses") == LOOPBACK
    assert asked(cluster, "SHOW unix_socket_directories") == ""


def test_a_database_is_created_once_and_its_copies_carry_its_tables(cluster: Cluster) -> None:
    cluster.create_database("register")
    asked(cluster, "CREATE TABLE ticket (number text)", "register")

    cluster.create_database("register")
    cluster.create_database('it\'s a "copy"', template="register")

    assert (
        asked(cluster, "SELECT count(*) FROM ticket", 'it\'s a "copy"'.replace(" ", "%20")) == "0"
    )
    cluster.drop_database('it\'s a "copy"')
    cluster.drop_database("register")
    assert "register" not in asked(cluster, "SELECT datname FROM pg_database").splitlines()


def test_what_was_committed_survives_a_kill_and_the_address_stays(folder: Path) -> None:
    first = postgres.start(folder)
    first.create_database("kept")
    asked(first, "CREATE TABLE letter AS SELECT 'принято' AS state", "kept")
    first.kill()
    assert (folder / "cluster" / "postmaster.pid").exists()

    again = postgres.start(folder)

    try:
        assert again.url("kept") == first.url("kept")
        assert asked(again, "SELECT state FROM letter", "kept") == "принято"
    finally:
        again.stop()


def test_a_statement_in_flight_dies_with_the_killed_server(folder: Path) -> None:
    first = postgres.start(folder)
    asked(first, "CREATE TABLE slow (at int)")
    address = first.url("postgres").replace("+psycopg", "")
    sql = "INSERT INTO slow SELECT 1 FROM pg_sleep(3)"
    in_flight = subprocess.Popen(  # noqa: S603 - our own binary
        [BINARIES / "psql", "-X", "-c", sql, address], stderr=subprocess.DEVNULL
    )
    processes.wait_for(lambda: "pg_sleep(3)" in _running(first), timedelta(seconds=5))
    first.kill()

    again = postgres.start(folder)

    try:
        assert in_flight.wait() != 0
        assert asked(again, "SELECT count(*) FROM slow") == "0"
    finally:
        again.stop()


def test_an_id_file_whose_number_now_belongs_to_a_stranger_does_not_block(folder: Path) -> None:
    postgres.start(folder).kill()
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    note = folder / "cluster" / "postmaster.pid"
    note.write_text(note.read_text().replace(note.read_text().split("\n")[0], str(stranger.pid), 1))

    again = postgres.start(folder)

    try:
        assert asked(again, "SELECT 1") == "1"
    finally:
        again.stop()
        stranger.kill()
        stranger.wait()


def test_a_server_left_behind_by_a_killed_launcher_is_ended_before_the_next(folder: Path) -> None:
    left = postgres.start(folder)

    again = postgres.start(folder)

    try:
        assert not left.child.is_running
        assert asked(again, "SELECT 1") == "1"
    finally:
        again.stop()


def test_a_half_made_cluster_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "cluster.part").mkdir()
    (tmp_path / "cluster.part" / "PG_VERSION").write_text("18\n")

    cluster = postgres.start(tmp_path)

    try:
        assert asked(cluster, "SELECT 1") == "1"
        assert not (tmp_path / "cluster.part").exists()
    finally:
        cluster.stop()


def _running(cluster: Cluster) -> str:
    return asked(
        cluster, "SELECT query FROM pg_stat_activity WHERE state='active' AND pid<>pg_backend_pid()"
    )
