"""Targets of type `command`, in the real daemon: what a program writes, and what is left of one that fails."""
import json
import signal
import sqlite3
import tarfile

from daemon_fixture import BIN, DaemonTest, wait_for

SECRET = "correct-horse-battery"
# Says who it is, then writes for ever; its child ignores SIGTERM.
ENDLESS = """
echo $$ >"$1/pids"
sh -c 'trap "" TERM; echo $$ >>"$1/pids"; exec sleep 1000' sh "$1" >/dev/null 2>&1 &
exec cat /dev/urandom
"""


def alive(pid):
    """Whether a process is there that is more than a record of its exit code."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class TestCommand(DaemonTest):
    def configure_command(self, *argv, **keys):
        argv = [argument.replace("$", "$$") for argument in argv]
        self.configure(targets={"app": {"type": "command", "argv": argv, **keys}},
                       jobs={"nightly": {"targets": ["app"]}})

    def manifest(self):
        archive = self.archives()[0]
        return json.loads((archive.parent / (archive.name + ".json")).read_text())

    def content(self, name):
        self.assertEqual(len(self.archives()), 1)
        with tarfile.open(self.archives()[0]) as tar:
            member = tar.getmember(name)
            self.assertEqual(member.mode, 0o600)
            self.assertEqual(len(tar.getmembers()), 1)
            return tar.extractfile(member).read()

    def pids(self):
        pids = (self.folder / "pids").read_text().split() if (self.folder / "pids").exists() else []
        return [int(pid) for pid in pids]

    def assert_nothing_left(self):
        self.assertEqual(len(self.pids()), 2)
        for pid in self.pids():
            wait_for(lambda: not alive(pid), f"the end of {pid}")
        self.assertEqual(self.archives(), [])
        self.assertEqual(self.unfinished(), [])

    def test_a_dump_of_sqlite_can_be_restored(self):
        path = self.source / "app.db"
        with sqlite3.connect(path) as database:
            database.execute("create table t (a integer, b text)")
            database.executemany("insert into t values (?, ?)", ((i, f"row {i}") for i in range(20000)))
        self.configure_command(
            "python3", "-c", "import sqlite3, sys\n"
            "for line in sqlite3.connect(sys.argv[1]).iterdump(): print(line)", str(path),
            name="dumps/app.sql", trailer="COMMIT;")
        self.start()
        run = self.run_job()
        dump = self.content("dumps/app.sql")
        self.assertEqual(run["results"][0]["bytes_source"], len(dump))
        with sqlite3.connect(":memory:") as restored:
            restored.executescript(dump.decode())
            self.assertEqual(restored.execute("select count(*), max(b) from t").fetchone(), (20000, "row 9999"))
        self.assertEqual(self.manifest()["source"], {"program": "python3", "exit_code": 0, "bytes": len(dump)})

    def test_a_failed_or_killed_command_leaves_no_backup_and_shows_no_secret(self):
        self.extra_environment = {"APP_PASSWORD": SECRET}
        for end, why in (("exit 3", "exit code 3"), ("kill -KILL $$", "killed by SIGKILL"),
                         ("exit 0", "does not end with")):
            with self.subTest(end):
                self.configure_command("sh", "-c", f'echo rows; echo "denied: $PASSWORD" >&2; {end}',
                                       environment={"PASSWORD": "${APP_PASSWORD}"}, trailer="-- end")
                self.start()
                run = self.run_job(state="failed")
                self.assertIn(why, run["error"])
                self.assertIn("denied: …", run["error"])
                self.stop()
        self.assertEqual(self.archives(), [])
        self.assertEqual(self.unfinished(), [])
        self.assertNotIn(SECRET, self.log())
        self.assertNotIn(SECRET, json.dumps(run))

    def test_what_a_command_complains_of_is_a_warning_of_a_good_run(self):
        self.configure_command("sh", "-c", "echo rows; echo 'table t skipped' >&2")
        self.start()
        run = self.run_job()
        self.assertEqual(run["results"][0]["warnings"], 1)
        self.assertIn("sh said: table t skipped", json.dumps(self.manifest()["warnings"]))
        self.assertEqual(self.content("app"), b"rows\n")

    def test_a_cancelled_command_is_gone_with_its_children(self):
        self.configure_command("sh", "-c", ENDLESS, "sh", str(self.folder))
        self.start()
        run = self.trigger()
        wait_for(lambda: len(self.pids()) == 2, "the program and its child")
        wait_for(lambda: (self.describe(run)["progress"] or {}).get("bytes_read", 0) > 1_000_000, "some output")
        self.ctl("cancel", run)
        self.assertEqual(self.wait_run(run)["state"], "cancelled")
        self.assert_nothing_left()

    def test_a_stopped_daemon_takes_its_command_with_it(self):
        self.configure_command("sh", "-c", ENDLESS, "sh", str(self.folder))
        self.start()
        self.trigger()
        wait_for(lambda: len(self.pids()) == 2, "the program and its child")
        self.assertEqual(self.stop(), 0)
        self.assert_nothing_left()

    def test_a_killed_daemon_takes_its_command_with_it(self):
        self.configure_command("sh", "-c", 'echo $$ >"$1/pids"; exec cat /dev/urandom', "sh", str(self.folder))
        self.start()
        self.trigger()
        wait_for(self.pids, "the program")
        self.stop(signal.SIGKILL)
        wait_for(lambda: not alive(self.pids()[0]), "the program's end")
        self.start()
        wait_for(lambda: not self.unfinished(), "the end of what was left unfinished")
        self.assertEqual(self.archives(), [])

    def test_a_command_does_not_speak_for_the_daemon(self):
        self.extra_environment = {"GIVEN": "x"}
        self.configure_command("env", environment={"ADDED": "${GIVEN}"})
        self.start()
        self.run_job()
        names = {line.split("=")[0] for line in self.content("app").decode().splitlines()}
        self.assertIn("ADDED", names)
        self.assertIn("DBUS_SESSION_BUS_ADDRESS", names)
        self.assertNotIn("NOTIFY_SOCKET", names)

    def test_a_wrong_command_is_told_with_its_place(self):
        self.configure_command()
        checked = self.command(BIN / "snapshotterd", "--config", self.config_path, "--check-config", check=2)
        self.assertIn("'argv' must name a program", checked.stderr)
        self.configure_command("/no/such/program")
        self.start()
        run = self.run_job(state="failed")
        self.assertIn("cannot start '/no/such/program': No such file or directory", run["error"])
