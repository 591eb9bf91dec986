"""A real PostgreSQL server, backed up by the real daemon, restored with PostgreSQL's own programs."""
import json
import pathlib
import re
import signal
import subprocess
import sys
import tarfile

from daemon_fixture import DaemonTest, wait_for

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "peers"))
from postgres import Postgres, connection_to  # noqa: E402

PASSWORD = "s3cret-%w0rd"
ODD = "it's a \"db\"\\ of mine"

FILL_ODD = r'''
create table "odd
table" (a int primary key, "b ""q""" text);
insert into "odd
table" select n, E'line\nbreak\\. \t \\' || n from generate_series(1, 1000) n;
create schema "Sch.ema";
create table "Sch.ema"."COPY x FROM stdin;" ();
insert into "Sch.ema"."COPY x FROM stdin;" default values;
create table "geschäft" (a text, b bytea);
insert into "geschäft" values ('\.', '\x5c2e0a'), (null, null), (E'-- PostgreSQL database dump complete\n', '');
create function bait() returns text language sql as $$ select '
COPY x FROM stdin;
1
' $$;
create function atomic() returns text language sql begin atomic select 'x;' as a; select 'y;' as b; end;
comment on table "geschäft" is 'say ''
\connect postgres
COPY public.t (a) FROM stdin;
';
create view seen as select * from "geschäft" where a <> E'\\';
create sequence counter start 42;
select lo_from_bytea(4711, decode(repeat('00ff5c2e', 5000), 'hex'));
'''


def without_keys(dump):
    """pg_dump draws the key of \\restrict anew each time."""
    return [line for line in dump.splitlines() if not re.match(r"\\(un)?restrict ", line)]


def raw(name):
    """What printable() made of a name, undone."""
    return re.sub(r"\\(n|\\)", lambda found: {"n": "\n", "\\": "\\"}[found[1]], name)


class PostgresTest(DaemonTest):
    def setUp(self):
        super().setUp()
        self.server = self.make_server("pg", tcp=True)

    def make_server(self, name, **options):
        server = Postgres(self.folder / name, **options)
        self.addCleanup(server.destroy)
        return server.start()

    def fill(self):
        self.server.psql("create role \"odd \"\"role\" login password 'x'; create role reader;")
        for name in (ODD, "a=b", "geschäft", "Upper"):
            self.server.psql('create database "{}"'.format(name.replace('"', '""')))
        self.server.psql(FILL_ODD, ODD)
        self.server.psql("create table t as select generate_series(1, 7) n", "a=b")
        self.server.psql("create table t as select generate_series(1, 5) n")

    def fill_much(self):
        self.server.psql("create table much as select n, md5(random()::text) a from generate_series(1, 2000000) n")

    def target(self, **keys):
        return {"type": "postgresql", "socket": str(self.server.folder), "port": self.server.port, **keys}

    def start_with(self, **keys):
        self.configure(targets={"db": self.target(**keys)}, jobs={"nightly": {"targets": ["db"]}})
        self.config_path.chmod(0o600)
        return self.start()

    def start_over_tcp(self, password, **keys):
        self.configure(targets={"db": {"type": "postgresql", "host": "127.0.0.1", "port": self.server.port,
                                       "password": password, **keys}},
                       jobs={"nightly": {"targets": ["db"]}})
        self.config_path.chmod(0o600)
        self.start()

    def manifest(self):
        archive = self.archives()[-1]
        return json.loads((archive.parent / (archive.name + ".json")).read_text())

    def unpacked(self):
        with tarfile.open(self.archives()[-1]) as tar:
            return {member.name: tar.extractfile(member).read() for member in tar.getmembers()}

    # -- the server, while it is dumped

    def lock(self, table, database="postgres"):
        """A session that keeps pg_dump waiting for this table, until unlock()."""
        holder = subprocess.Popen([*self.psql_command(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True, env=self.server.environment())
        self.addCleanup(self.end, holder)
        self.addCleanup(holder.stdout.close)
        self.addCleanup(holder.stdin.close)
        holder.stdin.write(f"begin; lock table {table};\n\\echo locked\n")
        holder.stdin.flush()
        self.assertEqual(holder.stdout.readline(), "locked\n")
        return holder

    @staticmethod
    def psql_command(database):
        return ["psql", "-X", "-q", "-A", "-t", "-d", connection_to(database)]

    def unlock(self, holder):
        holder.communicate("rollback;\n", timeout=30)

    def sessions(self):
        return int(self.server.value("select count(*) from pg_stat_activity where application_name = 'snapshotter'"))

    def waiting(self):
        return self.server.value("select count(*) from pg_stat_activity where application_name = 'snapshotter' "
                                 "and wait_event_type = 'Lock'") == "1"

    def programs(self):
        """Command lines of the processes that the daemon started for this server."""
        found = []
        for folder in pathlib.Path("/proc").iterdir():
            try:
                environment = (folder / "environ").read_bytes().split(b"\0")
                if b"PGAPPNAME=snapshotter" in environment and f"PGPORT={self.server.port}".encode() in environment:
                    found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
        return found

    def run_until_it_waits(self):
        run = self.trigger()
        wait_for(self.waiting, "pg_dump to wait for the lock")
        return run

    def assert_nothing_left(self):
        self.assertEqual(self.archives() + self.unfinished(), [])
        wait_for(lambda: not self.programs(), "the end of the programs")
        wait_for(lambda: self.sessions() == 0, "the end of the sessions")

    def assert_nowhere(self, secret, run):
        places = {"log": self.log(), "run": self.call("DescribeRun", "s", run).stdout,
                  "runs": self.ctl("runs").stdout + self.ctl("show", run).stdout}
        for manifest in self.backups.rglob("*.json"):
            places[str(manifest)] = manifest.read_text()
        for place, text in places.items():
            self.assertNotIn(secret, text, place)


class TestPostgresql(PostgresTest):
    def test_a_cluster_is_counted_and_restores(self):
        self.fill()
        self.start_with()
        record = self.run_job()
        files = self.unpacked()
        self.assertEqual(list(files), ["cluster.sql"])
        source = self.manifest()["source"]
        self.assertEqual(source["method"], "dumpall")
        self.assertEqual(source["files"], [{"name": "cluster.sql", "bytes": len(files["cluster.sql"]),
                                            "trailer": True}])
        self.assertEqual(record["results"][0]["bytes_source"], len(files["cluster.sql"]))
        self.check_counts(source)

        restored = self.make_server("restored")
        script = self.folder / "cluster.sql"
        # The one role that every cluster has already.
        script.write_bytes(files["cluster.sql"].replace(b"CREATE ROLE postgres;\n", b"", 1))
        restored.client("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", "postgres", "-f", script)
        self.assertEqual(without_keys(restored.client("pg_dumpall")), without_keys(self.server.client("pg_dumpall")))

    def check_counts(self, source):
        rows = 0
        for database in source["databases"]:
            name = raw(database["name"])
            self.assertGreater(database["size"], 1_000_000)
            self.assertEqual(database["encoding"], "UTF8")
            for table in database["tables"]:
                count = int(self.server.value(f"select count(*) from {raw(table['name'])}", name))
                self.assertEqual(table["rows"], count, table)
            tables = int(self.server.value("select count(*) from pg_tables where schemaname not in "
                                           "('pg_catalog', 'information_schema')", name))
            self.assertEqual(len(database["tables"]), tables, database)
            self.assertEqual(database["rows"], sum(table["rows"] for table in database["tables"]))
            rows += database["rows"]
        self.assertEqual(sorted(raw(d["name"]) for d in source["databases"]),
                         sorted([ODD, "a=b", "geschäft", "Upper", "postgres", "template1"]))
        self.assertEqual(source["rows"], rows)
        self.assertEqual(rows, 1000 + 1 + 3 + 7 + 5)

    def test_databases_in_their_own_format_restore(self):
        self.fill()
        self.server.psql('create database "line\nbreak"')
        self.server.psql("create table t as select generate_series(1, 9) n", "line\nbreak")
        self.start_with(method="per_database", format="custom", databases=["*"], exclude_databases=["Up*", "a=?"])
        self.run_job()
        files = self.unpacked()
        names = {"line\nbreak": "line%0Abreak.dump", ODD: ODD + ".dump", "geschäft": "geschäft.dump",
                 "postgres": "postgres.dump"}
        self.assertEqual(sorted(files), sorted(["globals.sql", *names.values()]))
        source = self.manifest()["source"]
        self.assertIsNone(source["rows"])
        self.assertEqual([d["rows"] for d in source["databases"]], [None] * 4)

        restored = self.make_server("restored")
        for role in ("odd \"\"role", "reader"):
            restored.psql(f'create role "{role}"')
        for database, file in names.items():
            path = self.folder / "one.dump"
            path.write_bytes(files[file])
            if database != "postgres":
                restored.psql('create database "{}"'.format(database.replace('"', '""')))
            restored.client("pg_restore", "--exit-on-error", "-d", connection_to(database), path)
            dump = lambda server: without_keys(server.client("pg_dump", "-d", connection_to(database)))
            self.assertEqual(dump(restored), dump(self.server), database)

    def test_databases_as_sql_restore_one_by_one(self):
        self.fill()
        self.start_with(method="per_database", databases=["a=b", "it*"])
        self.run_job()
        files = self.unpacked()
        self.assertEqual(sorted(files), ["a=b.sql", "globals.sql", ODD + ".sql"])
        source = self.manifest()["source"]
        self.assertEqual({raw(d["name"]): d["rows"] for d in source["databases"]}, {ODD: 1004, "a=b": 7})
        self.assertEqual([file["trailer"] for file in source["files"]], [True] * 3)
        restored = self.make_server("restored")
        for file in ("globals.sql", "a=b.sql", ODD + ".sql"):
            path = self.folder / "one.sql"
            path.write_bytes(files[file].replace(b"CREATE ROLE postgres;\n", b"", 1))
            restored.client("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", "postgres", "-f", path)
        for database in (ODD, "a=b"):
            dump = lambda server: without_keys(server.client("pg_dump", "-d", connection_to(database)))
            self.assertEqual(dump(restored), dump(self.server), database)

    def test_a_listed_database_that_is_gone_makes_it_partial(self):
        self.start_with(method="per_database", databases=["postgres", "gone"])
        run = self.run_job(state="partial")
        self.assertIn("gone", self.log())
        self.assertEqual(sorted(self.unpacked()), ["globals.sql", "postgres.sql"])
        self.assertEqual(run["results"][0]["state"], "partial")

    def test_a_database_named_globals_has_a_file_of_its_own(self):
        self.server.psql("create database globals")
        self.start_with(method="per_database", databases=["globals"])
        self.run_job()
        self.assertEqual(sorted(self.unpacked()), ["%67lobals.sql", "globals.sql"])

    def test_a_password_opens_and_is_shown_nowhere(self):
        self.server.psql(f"alter role postgres password '{PASSWORD}'; create table t as select 1 n")
        self.start_over_tcp(PASSWORD, sslmode="prefer")
        holder = self.lock("t")
        run = self.run_until_it_waits()
        programs = self.programs()
        self.assertTrue(any("pg_dumpall" in line for line in programs), programs)
        self.assertTrue(any("pg_dump " in line for line in programs), programs)
        self.assertNotIn(PASSWORD, "\n".join(programs))
        self.unlock(holder)
        self.assertEqual(self.wait_run(run)["state"], "succeeded")
        self.assert_nowhere(PASSWORD, run)

    def test_a_wrong_password_fails_and_is_shown_nowhere(self):
        self.server.psql(f"alter role postgres password '{PASSWORD}'")
        self.start_over_tcp("wr0ng-" + PASSWORD)
        run = self.run_job(state="failed")
        self.assertIn("password authentication failed", run["error"])
        self.assertIn("check 'user' and 'password'", run["error"])
        self.assert_nothing_left()
        self.assert_nowhere(PASSWORD, run["id"])

    def test_a_missing_password_is_not_asked_for(self):
        self.server.psql(f"alter role postgres password '{PASSWORD}'")
        self.configure(targets={"db": {"type": "postgresql", "host": "127.0.0.1", "port": self.server.port}},
                       jobs={"nightly": {"targets": ["db"]}})
        self.start()
        self.assertIn("set 'password'", self.run_job(state="failed")["error"])

    def test_missing_rights_fail(self):
        self.server.psql("create role reader login; create table t as select 1 n")
        self.start_with(user="reader")
        self.assertIn("must run as a superuser", self.run_job(state="failed")["error"])
        self.stop()
        self.start_with(user="nobody")
        self.assertIn('role "nobody" does not exist', self.run_job(state="failed")["error"])
        self.assert_nothing_left()

    def test_a_server_that_is_down_fails_and_comes_back(self):
        self.server.stop()
        self.start_with()
        run = self.run_job(state="failed")
        self.assertIn("start the server", run["error"])
        self.assertEqual(self.archives() + self.unfinished(), [])
        self.server.start()
        self.run_job()
        self.assertEqual(len(self.archives()), 1)

    def test_a_server_that_stops_in_the_middle_leaves_no_backup(self):
        self.fill_much()
        self.start_with()
        for mode in ("fast", "immediate"):
            with self.subTest(mode):
                self.lock("much")
                run = self.run_until_it_waits()
                self.server.stop(mode)
                record = self.wait_run(run)
                self.assertEqual(record["state"], "failed", record)
                self.assertIn("pg_dumpall: exit code 1", record["error"])
                wait_for(lambda: not self.programs(), "the end of the programs")
                self.assertEqual(self.archives() + self.unfinished(), [])
                self.server.start()

    def test_a_cancel_leaves_nothing_and_harms_nobody(self):
        self.fill_much()
        self.start_with()
        began = self.server.value("select pg_postmaster_start_time()")
        self.server.psql("create table other as select 1 n")
        other = self.lock("other in access share mode")
        run = self.trigger()
        wait_for(lambda: (self.describe(run)["progress"] or {}).get("bytes_written"), "bytes in the store")
        self.call("CancelRun", "s", run)
        self.assertEqual(self.wait_run(run, limit=5)["state"], "cancelled")
        self.assert_nothing_left()
        holder = self.lock("much")
        run = self.run_until_it_waits()
        self.call("CancelRun", "s", run)
        self.assertEqual(self.wait_run(run, limit=5)["state"], "cancelled")
        self.assert_nothing_left()
        self.unlock(holder)
        self.assertIsNone(other.poll())
        self.unlock(other)
        self.assertEqual(self.server.value("select pg_postmaster_start_time()"), began)
        self.assertNotIn("crash", self.server.log_path.read_text())

    def test_a_dump_that_waits_for_too_long_is_given_up(self):
        self.server.psql("create table t as select 1 n")
        self.start_with(stall_timeout="1s")
        holder = self.lock("t")
        run = self.run_job(state="failed")
        self.assertIn("it wrote nothing for 1s", run["error"])
        self.assert_nothing_left()
        self.unlock(holder)
        self.run_job()

    def test_the_dump_ends_with_a_killed_daemon(self):
        self.fill_much()
        self.start_with()
        run = self.trigger()
        wait_for(lambda: (self.describe(run)["progress"] or {}).get("bytes_written"), "bytes in the store")
        self.daemon.send_signal(signal.SIGKILL)
        self.daemon.wait()
        wait_for(lambda: not self.programs(), "the end of the programs")
        wait_for(lambda: self.sessions() == 0, "the end of the sessions")
        self.start()
        wait_for(lambda: not self.unfinished(), "the sweep")
        self.run_job()
