"""PostgreSQL in real containers, of a real Docker Engine and of podman, backed up by the real daemon."""
import json
import pathlib
import signal
import sqlite3
import sys
import tarfile
import time

from daemon_fixture import BIN, DaemonTest, wait_for

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "peers"))
from docker import Docker  # noqa: E402
from podman import Podman  # noqa: E402

# Rows of a megabyte that the server keeps small: a dump of seconds without much of a disk.
FILL = """create table large as select n, repeat(md5(n::text), 30000) t from generate_series(1, {rows}) n;
create table small as select generate_series(1, 1234) n"""
ROWS = 800
TRAILER = b"-- PostgreSQL database cluster dump complete"


class ContainerTest(DaemonTest):
    """One engine for all that a test checks: its start takes most of the time."""

    def start_engine(self, kind, rows=ROWS):
        self.engine = kind(self.folder / "engine", BIN.parent / "tests" / "peers")
        self.addCleanup(self.engine.stop)
        self.engine.start()
        self.engine.postgres("db")
        self.engine.sql("db", FILL.format(rows=rows))

    def start_daemon(self, **targets):
        targets = targets or {"db": {}}
        kinds = {name: {"type": "postgresql", "container": name, "engine": self.engine.url, **keys}
                 for name, keys in targets.items()}
        self.configure(targets=kinds, jobs={name: {"targets": [name]} for name in targets})
        self.start()

    # -- what is looked at

    def fail_job(self, job, *expected):
        result = self.run_job(job, state="failed", limit=120)["results"][0]
        for words in expected:
            self.assertIn(words, result["error"])
        self.assertEqual(self.unfinished(), [])

    def check_whole(self):
        archive = self.archives()[-1]
        with tarfile.open(archive) as tar:
            dump = tar.extractfile(tar.getmembers()[0]).read()
        self.assertIn(TRAILER, dump[-200:])
        manifest = json.loads((archive.parent / (archive.name + ".json")).read_text())
        return manifest

    def server_processes(self):
        """Changes when the server is restarted, by itself too: after a crash it keeps its start time."""
        return self.engine.sql("db", "select pg_postmaster_start_time(), pid from pg_stat_activity "
                                     "where backend_type = 'checkpointer'")

    def sessions(self):
        return int(self.engine.sql("db", "select count(*) from pg_stat_activity "
                                         "where application_name like 'snapshotter-%'"))

    def remembered(self):
        with sqlite3.connect(f"file:{self.state}/catalog.sqlite?mode=ro", uri=True) as catalog:
            return catalog.execute("select key, value from memory where scope like 'target %'").fetchall()

    def trigger_and_wait_for_the_middle(self, job="db"):
        run = self.trigger(job)
        wait_for(lambda: self.engine.sql("db", "select count(*) from pg_stat_activity where query like 'COPY%large%' "
                                               "and application_name like 'snapshotter-%'") == "1",
                 "the dump of the large table")
        wait_for(lambda: sum(r["bytes_read"] for r in self.ctl_json("status")["active_runs"]) > 1 << 20,
                 "the first megabyte")
        return run

    def check_nothing_left(self, before):
        self.assertEqual(self.engine.dumps("db"), [])
        self.assertEqual(self.sessions(), 0)
        self.assertEqual(self.server_processes(), before)
        self.assertEqual(self.remembered(), [])
        self.assertEqual(self.unfinished(), [])

    def cancel_in_the_middle(self):
        before = self.server_processes()
        run = self.trigger_and_wait_for_the_middle()
        begin = time.monotonic()
        self.ctl("cancel", run)
        record = self.wait_run(run)
        self.assertLess(time.monotonic() - begin, 10)
        self.assertEqual(record["state"], "cancelled", record)
        self.check_nothing_left(before)

    def succeed(self):
        self.run_job("db", limit=120)
        return self.check_whole()

    # -- the tests

    def start_bare(self, name):
        """A container in whose PATH there is no PostgreSQL."""
        self.engine.run("run", "-d", "--name", name, "--network", "none", "-e", "PATH=/usr/bin", self.engine.image,
                        "sleep", "600")


class TestDocker(ContainerTest):
    def test_success_and_containers_that_can_not_be_dumped(self):
        self.start_engine(Docker, rows=100)
        self.start_bare("bare")
        self.start_daemon(db={}, absent={}, bare={}, stranger={"container": "db", "container_user": "nobody9"})
        manifest = self.succeed()
        self.assertIn("1234", json.dumps(manifest["source"]))
        self.fail_job("absent", "there is no such container")
        self.fail_job("bare", "could not be started in the container", "executable file not found")
        self.fail_job("stranger", "unable to find user nobody9", "container_user")
        self.engine.run("pause", "db")
        self.fail_job("db", "docker unpause db")
        self.engine.run("unpause", "db")
        self.engine.run("stop", "db")
        self.fail_job("db", "docker start db")
        self.engine.run("start", "db")
        self.engine.wait_postgres("db")
        self.succeed()
        self.assertEqual(self.remembered(), [])

    def test_cancelled_and_orphaned_dumps_end_and_the_server_does_not_notice(self):
        self.start_engine(Docker)
        self.start_daemon()
        self.cancel_in_the_middle()

        before = self.server_processes()
        self.trigger_and_wait_for_the_middle()
        self.stop(signal.SIGKILL)
        self.assertEqual(len(self.remembered()), 1)
        self.assertNotEqual(self.engine.dumps("db"), [])
        logs = self.engine.logs("db")
        self.start()
        wait_for(lambda: self.remembered() == [], "recovery")
        self.check_nothing_left(before)
        self.assertIn("due to administrator command", self.engine.logs("db")[len(logs):])
        self.succeed()

    def test_containers_and_engines_killed_in_the_middle(self):
        self.start_engine(Docker)
        self.start_daemon()
        run = self.trigger_and_wait_for_the_middle()
        self.engine.run("kill", "db")
        record = self.wait_run(run)
        self.assertEqual(record["state"], "failed", record)
        self.assertIn("the container was stopped meanwhile (exit code 137)", record["results"][0]["error"])
        self.assertEqual(self.archives() + self.unfinished(), [])
        self.assertEqual(self.remembered(), [])

        self.engine.run("start", "db")
        self.engine.wait_postgres("db")
        run = self.trigger_and_wait_for_the_middle()
        self.engine.kill()
        record = self.wait_run(run)
        self.assertEqual(record["state"], "failed", record)
        self.assertIn("whether pg_dumpall finished can't be known", record["results"][0]["error"])
        self.assertEqual(self.archives() + self.unfinished(), [])
        self.assertEqual(len(self.remembered()), 1)

        self.fail_job("db", "is the container engine running?")
        self.engine.launch()
        self.engine.run("start", "db")
        self.engine.wait_postgres("db")
        self.succeed()
        self.assertEqual(self.remembered(), [])


class TestPodman(ContainerTest):
    def test_success_failures_and_a_cancel(self):
        self.start_engine(Podman)
        self.start_daemon(db={}, absent={}, stranger={"container": "db", "container_user": "nobody9"})
        self.succeed()
        self.cancel_in_the_middle()
        self.fail_job("absent", "there is no such container")
        self.fail_job("stranger", "unable to find user nobody9")
        self.engine.run("pause", "db")
        self.fail_job("db", "podman unpause db")
        self.engine.run("unpause", "db")
        self.engine.run("stop", "db")
        self.fail_job("db", "podman start db")
        self.assertEqual(self.remembered(), [])
