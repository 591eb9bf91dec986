"""The package in a real system: installed, enabled, asked, stopped, upgraded, removed.

One container for all of it; the tests run in the order of their names, each leaves the service running with the
configuration of `CONFIG`.
"""
import json
import os
import pathlib
import re
import subprocess
import time
import unittest

from container import Container, wait_for

ROOT = pathlib.Path(os.environ["SNAPSHOTTER_ROOT"])  # of root.sh
PACKAGE = pathlib.Path(os.environ["SNAPSHOTTER_PACKAGE"])  # the .deb

CONFIG = {
    "daemon": {"timezone": "UTC"},
    "stores": {"local": {"type": "directory", "path": "/srv/backups"}},
    "targets": {
        "configs": {"type": "filesystem", "paths": ["/etc", "/root/private"]},
        "database": {"type": "postgresql", "socket": "/srv/postgres-socket", "user": "snapshotter"},
        "metrics": {"type": "prometheus", "url": "http://127.0.0.1:9090",
                    "data_dir": "/var/lib/prometheus/metrics2"},
        "words": {"type": "command", "argv": ["cat", "/root/private/note"], "trailer": "reads this"},
        "big": {"type": "filesystem", "paths": ["/var/big"]},
    },
    "notifiers": {"ops": {"type": "webhook", "url": "http://localhost:8080/", "events": ["succeeded"]}},
    "jobs": {
        "nightly": {"schedule": "0 2 * * *", "targets": ["configs", "database", "metrics", "words"],
                    "retention": {"keep_last": 3}, "notify": ["ops"]},
        # What the container changes lies in memory.
        "large": {"schedule": "0 4 * * 0", "targets": ["big"], "retention": {"keep_last": 1}},
    },
}
BUS = ("org.snapshotter1", "/org/snapshotter1")
MANAGER = "org.snapshotter1.Manager"
FINAL = ("succeeded", "partial", "failed", "cancelled", "interrupted")


# Keeps what it is sent.
RECEIVER = """
import http.server
class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        open("/run/received", "ab").write(body + b"\\n")
        self.send_response(204)
        self.end_headers()
http.server.HTTPServer(("localhost", 8080), Receiver).serve_forever()
"""


class TestService(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.box = Container(ROOT)
        cls.addClassCleanup(cls.box.close)
        cls.box.boot()
        cls.box.put(PACKAGE, "/snapshotterd.deb")
        cls.box.shell("""
            useradd --create-home keeper
            useradd --create-home stranger
            install -d -m 700 /root/private
            echo "only root reads this" >/root/private/note; chmod 600 /root/private/note
            install -d /var/big; head -c 600M /dev/urandom >/var/big/noise""")
        cls.installation = cls.box.run("dpkg", "-i", "/snapshotterd.deb")
        cls.box.run("usermod", "-aG", "snapshotter", "keeper")
        cls.prepare_peers()

    @classmethod
    def prepare_peers(cls):
        """What the manual tells an administrator to do for PostgreSQL and Prometheus."""
        cls.box.shell("""
            setpriv --reuid=postgres --regid=postgres --init-groups createuser --superuser snapshotter
            setpriv --reuid=postgres --regid=postgres --init-groups psql -qc \
                'create table numbers as select generate_series(1, 1000) as n'
            # As a container's /run/postgresql would be brought out to the host.
            install -d /srv/postgres-socket
            mount --bind /run/postgresql /srv/postgres-socket
            echo 'ARGS="--web.enable-admin-api"' >/etc/default/prometheus
            install -d -o prometheus -g prometheus /var/lib/prometheus/metrics2/snapshots
            setfacl -m u:snapshotter:rwx,d:u:snapshotter:rwx /var/lib/prometheus/metrics2/snapshots
            printf '%s\\n' 'global: {scrape_interval: 1s}' 'scrape_configs:' \
                '  - {job_name: self, static_configs: [{targets: ["localhost:9090"]}]}' >/etc/prometheus/prometheus.yml
            systemctl restart prometheus""")
        has_samples = ('import urllib.request; print(urllib.request.urlopen("http://localhost:9090/api/v1/query?query=up")'
                       '.read().decode())')
        wait_for(lambda: '"value"' in cls.box.enter("python3", "-c", has_samples).stdout, "Prometheus to scrape itself")
        cls.box.write("/etc/systemd/system/snapshotterd.service.d/prometheus.conf",
                      "[Service]\nReadWritePaths=/var/lib/prometheus/metrics2/snapshots\n")
        cls.box.write("/usr/local/bin/receiver", RECEIVER)
        cls.box.write("/etc/systemd/system/receiver.service",
                      "[Service]\nExecStart=python3 /usr/local/bin/receiver\n[Install]\nWantedBy=multi-user.target\n")
        cls.box.run("systemctl", "daemon-reload")
        cls.box.run("systemctl", "enable", "--now", "receiver")

    # -- helpers

    def configure(self, config=None, reload=True):
        self.box.write("/etc/snapshotterd/snapshotterd.yaml", json.dumps(config or CONFIG, indent=1), 0o640)
        self.box.run("chgrp", "snapshotter", "/etc/snapshotterd/snapshotterd.yaml")
        if reload:
            self.box.run("systemctl", "reload", "snapshotterd")

    def setUp(self):
        self.configure(reload=False)
        self.box.enter("systemctl", "reset-failed", "snapshotterd")
        self.box.run("systemctl", "restart", "snapshotterd")
        self.cursor = self.box.enter("journalctl", "-n0", "--show-cursor").stdout.split("cursor: ")[1].strip()

    def ctl(self, *arguments, user=None, check=0):
        command = ("snapshotctl", *arguments)
        if user:
            return self.box.as_user(user, *command, check=check)
        return self.box.run(*command, check=check)

    def ctl_json(self, *arguments):
        return json.loads(self.ctl(*arguments, "--json").stdout)

    def call(self, method, *arguments, user=None, check=0):
        command = ("busctl", "--system", "call", *BUS, MANAGER, method, *arguments)
        if user:
            return self.box.as_user(user, *command, check=check)
        return self.box.run(*command, check=check)

    def service(self, *properties):
        shown = self.box.run("systemctl", "show", "snapshotterd", *[f"-p{p}" for p in properties]).stdout
        return dict(line.split("=", 1) for line in shown.splitlines())

    def start_large_run(self):
        path = self.call("TriggerRun", "s", "large").stdout
        self.assertIn("/run/", path)
        wait_for(lambda: self.ctl_json("runs")[0]["state"] == "running" and self.written(), "the run to write")
        return self.ctl_json("runs")[0]["id"]

    def written(self):
        return self.box.enter("bash", "-c", "find /srv/backups -name '.*.partial' -size +1M").stdout.strip()

    def unfinished(self):
        return self.box.enter("bash", "-c", "find /srv/backups -name '.*' -type f ! -name .snapshotter*").stdout.strip()

    def run_state(self, run):
        return next((r["state"] for r in self.ctl_json("runs") if r["id"] == run), None)

    def wait_final(self, run):
        return wait_for(lambda: self.run_state(run) if self.run_state(run) in FINAL else None, f"the end of {run}")

    def lines(self, *arguments):
        text = self.box.run("journalctl", "--no-pager", "-o", "json", "--after-cursor", self.cursor, "-u",
                            "snapshotterd", *arguments).stdout
        return [json.loads(line) for line in text.splitlines()]

    # -- installation

    def test_01_the_package_installs_a_service_that_runs(self):
        self.assertEqual(self.service("ActiveState", "UnitFileState", "User"),
                         {"ActiveState": "active", "UnitFileState": "enabled", "User": "snapshotter"})
        status = self.box.run("systemctl", "status", "--no-pager", "snapshotterd").stdout
        self.assertIn("Status: \"Idle; next run ", status)
        self.assertIn("snapshotterd(8)", status)

    def test_02_nobody_but_root_and_the_service_reads_what_is_the_services(self):
        self.ctl("run", "nightly", "--target", "configs", "--wait")
        for user in ("stranger", "keeper"):
            for path in ("/srv/backups", "/var/lib/snapshotterd", "/var/log/snapshotterd"):
                done = self.box.as_user(user, "ls", path, check=None)
                self.assertNotEqual(done.returncode, 0, f"{user} reads {path}: {done.stdout}")
        self.assertNotEqual(self.box.as_user("stranger", "cat", "/etc/snapshotterd/snapshotterd.yaml",
                                             check=None).returncode, 0)
        loose = self.box.shell("find /srv/backups -perm /077 | head").stdout
        self.assertEqual(loose, "")

    def test_03_the_unit_is_as_closed_as_it_says(self):
        text = self.box.enter("systemd-analyze", "security", "--no-pager", "snapshotterd").stdout
        exposure = float(re.search(r"exposure level for snapshotterd.service: ([0-9.]+)", text).group(1))
        self.assertLessEqual(exposure, 1.6, text)
        pid = self.service("MainPID")["MainPID"]
        capabilities = self.box.run("grep", "^Cap", f"/proc/{pid}/status").stdout
        read_search = f"{1 << 2:016x}"
        self.assertIn(f"CapEff:\t{read_search}", capabilities)
        self.assertIn(f"CapBnd:\t{read_search}", capabilities)

    def test_04_a_reload_makes_the_workers_nicer_and_less_nice_again(self):
        pid = self.service("MainPID")["MainPID"]

        def threads(name):
            stats = self.box.run("sh", "-c", f"cat /proc/{pid}/task/*/stat").stdout.splitlines()
            return {int(line.rpartition(")")[2].split()[16]) for line in stats if f"({name}" in line}

        def io(name):
            return set(self.box.run("sh", "-c", f"cd /proc/{pid}/task && for t in *; do grep -q ^{name} $t/comm && "
                                                "ionice -p $t; done; true").stdout.splitlines())

        self.assertEqual(threads("compress"), {10})
        self.assertEqual(io("compress"), {"best-effort: prio 7"})
        steps = [(12, "idle", "idle"), (15, "best-effort:2", "best-effort: prio 2")]
        self.assertEqual(self.service("LimitNICE")["LimitNICE"], "20")
        # A host may have taken the right to raise limits (CAP_SYS_RESOURCE) from its root; then so it is in here.
        if re.search(r"^Max nice priority +20 +20 ", self.box.read(f"/proc/{pid}/limits"), re.MULTILINE):
            steps += [(3, "idle", "idle"), (0, "best-effort:4", "best-effort: prio 4")]
        for nice, priority, shown in steps:
            self.configure({**CONFIG, "daemon": {"timezone": "UTC", "nice": nice, "io_priority": priority}})
            wait_for(lambda: threads("compress") == threads("io") == {nice}, f"workers of nice {nice}")
            wait_for(lambda: io("compress") == {shown}, f"workers of I/O priority {priority}")
            self.assertEqual(threads("snapshotterd"), {0})
        self.assertEqual([line["MESSAGE"] for line in self.lines("-p", "warning") if "refuses" in line["MESSAGE"]], [])
        allowed = set(self.service("SystemCallFilter")["SystemCallFilter"].split())
        self.assertLessEqual({"setpriority", "ioprio_set"}, allowed)
        self.assertFalse(allowed & {"sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr", "nice",
                                    "mbind", "setrlimit"}, allowed)

    # -- what it is for, from inside its sandbox

    def test_10_every_kind_of_target_in_one_night_and_somebody_hears_of_it(self):
        done = self.ctl("run", "nightly", "--wait", check=None)
        self.assertEqual(done.returncode, 0, f"{done.stdout}{done.stderr}{self.box.journal()}")
        run = self.ctl_json("runs", "nightly")[0]
        self.assertEqual({r["target"]: r["state"] for r in run["results"]},
                         {"configs": "succeeded", "database": "succeeded", "metrics": "succeeded",
                          "words": "succeeded"})
        told = wait_for(lambda: self.box.enter("cat", "/run/received").stdout, "the webhook")
        self.assertEqual(json.loads(told.splitlines()[-1])["run"]["id"], run["id"])
        # What only root may read is in it, and comes back.
        self.ctl("restore", "nightly/configs", "--to", "/root/back", "--path", "root/private/note")
        self.assertEqual(self.box.read("/root/back/root/private/note"), "only root reads this\n")
        self.assertEqual(self.box.run("ls", "/var/lib/prometheus/metrics2/snapshots").stdout, "")

    def test_11_a_night_is_a_line_for_each_target_and_two_with_their_fields(self):
        self.ctl("run", "nightly", "--wait")
        lines = [line for line in self.lines() if line.get("SNAPSHOTTER_JOB") == "nightly"]
        targets = len(CONFIG["jobs"]["nightly"]["targets"])
        self.assertLessEqual(len(lines), targets + 2, [line["MESSAGE"] for line in lines])
        run = self.ctl_json("runs", "nightly")[0]["id"]
        self.assertTrue(all(line["SNAPSHOTTER_RUN"] == run and line["PRIORITY"] == "6" for line in lines))
        self.assertEqual({line.get("SNAPSHOTTER_TARGET") for line in lines},
                         {None, "configs", "database", "metrics", "words"})
        explained = self.box.run("journalctl", "--no-pager", "-x", f"SNAPSHOTTER_RUN={run}").stdout
        self.assertIn("Subject: A run of job nightly has begun", explained)

    # -- who may what

    def test_20_root_and_the_group(self):
        self.call("ListJobs")
        self.call("ListJobs", user="keeper")
        self.ctl("status", user="keeper")
        self.ctl("run", "nightly", "--target", "configs", "--wait", user="keeper")
        self.box.as_user("keeper", "busctl", "--system", "introspect", *BUS)
        refused = self.call("Reload", user="keeper", check=None)
        self.assertIn("Access denied", refused.stdout + refused.stderr)
        self.assertIn("not allowed", self.ctl("prune", "nightly", user="keeper", check=None).stderr)

    def test_21_strangers_learn_nothing(self):
        runs = len(self.ctl_json("runs"))
        for words in (["ListJobs"], ["TriggerRun", "s", "nightly"], ["TriggerRun", "s", "nothing"],
                      ["CancelRun", "s", "x"], ["DescribeStatus"], ["Prune", "sb", "nightly", "false"]):
            refused = self.call(*words, user="nobody", check=None)
            self.assertNotEqual(refused.returncode, 0, words)
            self.assertIn("Access denied", refused.stderr, words)
        for command in (["busctl", "--system", "introspect", *BUS],
                        ["busctl", "--system", "get-property", *BUS, MANAGER, "State"]):
            self.assertNotEqual(self.box.as_user("nobody", *command, check=None).returncode, 0, command)
        self.assertEqual(len(self.ctl_json("runs")), runs)

    def test_22_a_flood_of_strangers_leaves_a_backup_alone(self):
        def timed():
            start = time.monotonic()
            self.ctl("run", "large", "--wait")
            return time.monotonic() - start

        calm = timed()
        flood = self.box.flood("nobody")
        try:
            flooded = timed()
            start = time.monotonic()
            self.call("ListJobs")
            self.assertLess(time.monotonic() - start, 2.0)
        finally:
            calls = flood.stop()
        self.assertGreater(calls / flooded, 1000, "the flood was none")
        self.assertLess(flooded, calm * 3 + 2)
        self.assertEqual(self.service("NRestarts")["NRestarts"], "0")

    def test_23_malformed_calls_get_errors(self):
        for words in (["TriggerRun", "u", "5"], ["TriggerRun"], ["ListRuns", "s", "x"], ["Nonsense"],
                      ["TriggerRun", "s", "x" * 100_000], ["TriggerRun", "s", "../../etc/passwd"],
                      ["Verify", "as", "2", "", "/"], ["TriggerRunWithOptions", "sa{sv}", "nightly", "1", "who", "s", "x"]):
            done = self.call(*words, check=None)
            self.assertNotEqual(done.returncode, 0, words[0])
        bad = self.box.enter("busctl", "--system", "call", BUS[0], "/org/snapshotter1/job/none",
                             "org.snapshotter1.Job", "Trigger")
        self.assertNotEqual(bad.returncode, 0)
        self.call("ListJobs")
        tree = self.box.run("busctl", "--system", "tree", BUS[0]).stdout
        self.assertIn("/org/snapshotter1/job/nightly", tree)

    # -- a well-mannered service

    def test_30_status_tells_what_runs_and_reload_keeps_it(self):
        run = self.start_large_run()
        self.assertIn("Running large (big, archiving)", self.service("StatusText")["StatusText"])
        self.box.run("systemctl", "reload", "snapshotterd")
        self.assertEqual(self.wait_final(run), "succeeded")
        self.assertEqual(self.service("ActiveState", "NRestarts"), {"ActiveState": "active", "NRestarts": "0"})

    def test_31_a_wrong_configuration_is_refused_on_reload_and_explained_at_start(self):
        self.box.write("/etc/snapshotterd/snapshotterd.yaml", "jobs: {nightly: {targets: [nothing]}}\n")
        self.box.enter("systemctl", "reload", "snapshotterd")
        wait_for(lambda: any("was not reloaded" in line["MESSAGE"] for line in self.lines()), "the refusal")
        self.assertEqual({job["name"] for job in self.ctl_json("jobs")}, {"nightly", "large"})
        self.assertNotEqual(self.box.enter("systemctl", "restart", "snapshotterd").returncode, 0)
        state = self.service("ActiveState", "Result", "ExecMainStatus")
        self.assertEqual((state["ActiveState"], state["ExecMainStatus"]), ("failed", "2"))
        self.assertTrue(any("snapshotterd.yaml:1:" in line["MESSAGE"] for line in self.lines()))

    def test_32_restart_in_the_middle_of_a_run_leaves_nothing_and_makes_up_for_it(self):
        self.make_due("large")
        wait_for(self.written, "the caught-up run to write")
        run = self.ctl_json("runs", "large")[0]["id"]
        start = time.monotonic()
        self.box.run("systemctl", "restart", "snapshotterd")
        self.assertLess(time.monotonic() - start, 30)
        self.assertEqual(self.run_state(run), "interrupted")
        again = wait_for(lambda: next((r["id"] for r in self.ctl_json("runs", "large")[:1] if r["id"] != run), None),
                         "the run that makes up")
        self.assertEqual(self.wait_final(again), "succeeded")
        self.assertEqual(self.unfinished(), "")

    def test_29_asking_starts_an_enabled_service_that_is_not_running(self):
        self.box.run("systemctl", "stop", "snapshotterd")
        self.call("ListJobs")
        self.assertEqual(self.service("ActiveState")["ActiveState"], "active")
        self.box.run("systemctl", "disable", "--now", "snapshotterd")
        self.assertNotEqual(self.call("ListJobs", check=None).returncode, 0)
        self.assertEqual(self.service("ActiveState")["ActiveState"], "inactive")
        self.box.run("systemctl", "enable", "snapshotterd")

    def test_33_stop_is_prompt_and_leaves_nothing(self):
        self.start_large_run()
        start = time.monotonic()
        self.box.run("systemctl", "stop", "snapshotterd")
        self.assertLess(time.monotonic() - start, 20)
        self.assertEqual(self.service("Result")["Result"], "success")
        self.assertEqual(self.unfinished(), "")

    def test_34_the_watchdog_restarts_a_daemon_that_hangs(self):
        self.box.write("/run/systemd/system/snapshotterd.service.d/watchdog.conf", "[Service]\nWatchdogSec=3s\n")
        self.box.run("systemctl", "daemon-reload")
        self.box.run("systemctl", "restart", "snapshotterd")
        self.addCleanup(self.box.shell, "rm -r /run/systemd/system/snapshotterd.service.d; systemctl daemon-reload")
        self.make_due("large")
        wait_for(self.written, "the run to write")
        run = self.ctl_json("runs", "large")[0]["id"]
        pid = self.service("MainPID")["MainPID"]
        self.box.run("kill", "-STOP", pid)
        wait_for(lambda: self.service("MainPID")["MainPID"] not in (pid, "0") and
                 self.service("ActiveState")["ActiveState"] == "active", "the restart")
        self.assertEqual(self.run_state(run), "interrupted")
        again = wait_for(lambda: next((r["id"] for r in self.ctl_json("runs", "large")[:1] if r["id"] != run), None),
                         "the run that makes up")
        self.assertEqual(self.wait_final(again), "succeeded")
        self.assertEqual(self.unfinished(), "")

    def test_35_shutdown_waits_for_a_backup_that_is_nearly_done(self):
        run = self.start_large_run()
        held = []

        def ended():
            held.append("A backup is being finished" in
                        self.box.enter("systemd-inhibit", "--list", "--no-pager").stdout)
            return self.run_state(run) in FINAL

        wait_for(ended, "the end of the run")
        self.assertTrue(any(held), "no lock was ever held")
        self.assertNotIn("snapshotterd", self.box.enter("systemd-inhibit", "--list", "--no-pager").stdout)

    def test_36_credentials_and_secret_files(self):
        self.box.write("/etc/credstore/answer", "/etc/hostname", 0o600)
        self.box.write("/root/path", "/etc/hosts", 0o600)
        self.box.write("/etc/systemd/system/snapshotterd.service.d/credential.conf",
                       "[Service]\nLoadCredential=answer:/etc/credstore/answer\n")
        self.addCleanup(self.box.shell, "rm /etc/systemd/system/snapshotterd.service.d/credential.conf;"
                                        "systemctl daemon-reload")
        config = json.loads(json.dumps(CONFIG))
        config["targets"]["configs"]["paths"] = ["${credential:answer}", "${file:/root/path}"]
        self.configure(config, reload=False)
        self.box.run("systemctl", "daemon-reload")
        self.box.run("systemctl", "restart", "snapshotterd")
        self.assertEqual(self.paths_saved(), {"etc/hostname", "etc/hosts"})
        self.box.write("/root/path", "/etc/passwd", 0o600)
        self.box.run("systemctl", "reload", "snapshotterd")
        self.assertEqual(self.paths_saved(), {"etc/hostname", "etc/passwd"})
        self.box.write("/etc/credstore/answer", "/etc/group", 0o600)
        self.box.run("systemctl", "restart", "snapshotterd")
        self.assertEqual(self.paths_saved(), {"etc/group", "etc/passwd"})

    def paths_saved(self):
        self.ctl("run", "nightly", "--target", "configs", "--wait")
        archive = self.box.shell("ls -t /srv/backups/nightly/configs/*.tar.gz | head -n 1").stdout.strip()
        return set(self.box.run("tar", "tzf", archive).stdout.split())

    # -- over a reboot, upgrade, removal

    def make_due(self, job):
        """As if the machine had been off when the job was due."""
        self.box.run("systemctl", "stop", "snapshotterd")
        self.box.shell(f"""python3 -c '
import sqlite3
catalog = sqlite3.connect("/var/lib/snapshotterd/catalog.sqlite")
catalog.execute("update firings set time = time - 14 * 86400000000 where job = ?", ["{job}"])
catalog.commit()'""")
        self.box.run("systemctl", "start", "snapshotterd")

    def test_40_after_a_reboot_it_runs_and_keeps_its_schedule(self):
        before = self.ctl_json("jobs")
        self.box.reboot()
        self.assertEqual(self.service("ActiveState")["ActiveState"], "active")
        self.assertEqual([job["next_at"] for job in self.ctl_json("jobs")], [job["next_at"] for job in before])
        self.make_due("nightly")
        run = wait_for(lambda: next((r for r in self.ctl_json("runs", "nightly") if r["trigger"] == "catch_up"), None),
                       "the run that was missed")
        self.wait_final(run["id"])

    def test_50_upgrade_in_the_middle_of_a_run(self):
        self.make_due("large")
        wait_for(self.written, "the run to write")
        pid = self.service("MainPID")["MainPID"]
        self.box.run("dpkg", "-i", "/snapshotterd.deb")
        self.assertNotEqual(self.service("MainPID")["MainPID"], pid)
        self.assertEqual(self.service("ActiveState")["ActiveState"], "active")
        self.assertEqual(self.box.read("/etc/snapshotterd/snapshotterd.yaml"), json.dumps(CONFIG, indent=1))
        wait_for(lambda: self.ctl_json("runs", "large")[0]["state"] == "succeeded", "the run that makes up")
        self.assertEqual(self.unfinished(), "")

    def test_60_removed_and_purged(self):
        self.ctl("run", "nightly", "--target", "configs", "--wait")
        kept = self.box.shell("find /srv/backups -type f | wc -l").stdout
        self.box.run("dpkg", "-r", "snapshotterd")
        self.assertNotEqual(self.box.enter("systemctl", "is-active", "snapshotterd").returncode, 0)
        self.box.run("test", "-e", "/etc/snapshotterd/snapshotterd.yaml")
        self.box.run("dpkg", "-P", "snapshotterd")
        for path in ("/etc/snapshotterd", "/var/lib/snapshotterd", "/var/log/snapshotterd"):
            self.assertNotEqual(self.box.enter("test", "-e", path).returncode, 0, path)
        self.assertEqual(self.box.shell("find /srv/backups -type f | wc -l").stdout, kept)
        self.box.run("dpkg", "-i", "/snapshotterd.deb")


if __name__ == "__main__":
    unittest.main(verbosity=2)
