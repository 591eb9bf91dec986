"""The D-Bus interface, as a stranger with busctl and gdbus sees it."""
import json
import subprocess
import time

from daemon_fixture import DaemonTest, MANAGER, NAME, ROOT, wait_for


class TestBus(DaemonTest):
    def setUp(self):
        super().setUp()
        (self.source / "a").write_text("x")
        self.configure(jobs={"nightly": {"schedule": "0 2 * * *", "targets": ["files"]},
                             "on-demand.1": {"targets": ["files"]}})
        self.start()

    def gdbus(self, method, *arguments, path=ROOT, check=0):
        return self.command("gdbus", "call", "--session", "-d", NAME, "-o", path, "-m", method, *arguments,
                            check=check)

    def error_of(self, method, *arguments):
        done = self.gdbus(f"{MANAGER}.{method}", *arguments, check=1)
        return done.stderr

    def test_the_documented_calls(self):
        jobs = self.call_json("ListJobs")[0]
        self.assertEqual([j[0] for j in jobs], ["nightly", "on-demand.1"])
        name, schedule, zone, following, last, state, path = jobs[0]
        self.assertEqual((schedule, zone, last), ("0 2 * * *", "UTC", 0))
        self.assertGreater(following, time.time() * 1e6)
        self.assertEqual(path, "/org/snapshotter1/job/nightly")
        self.assertEqual(jobs[1][6], "/org/snapshotter1/job/on_2ddemand_2e1")
        out = self.call("TriggerRun", "s", "nightly").stdout
        self.assertTrue(out.startswith('o "/org/snapshotter1/run/'), out)
        wait_for(lambda: self.runs() and self.runs()[0]["state"] == "succeeded", "the run")
        run = self.call_json("ListRuns", "su", "nightly", "10")[0][0]
        self.assertEqual(run[1:3], ["nightly", "succeeded"])
        self.assertGreaterEqual(run[5], run[4])
        backup = self.call_json("ListBackups", "s", "")[0][0]
        self.assertEqual(backup[1:3], ["nightly", "files"])
        self.assertTrue(backup[6])
        self.assertEqual(self.call_json("Prune", "sb", "nightly", "true"), [[]])
        verified = self.call_json("Verify", "as", "1", backup[0])[0]
        self.assertTrue(verified.startswith("/org/snapshotter1/run/"))
        self.call("Rescan")
        self.call("Reload")
        self.call("TriggerRunWithOptions", "sa{sv}", "nightly", "1", "targets", "as", "1", "files")

    def test_properties_of_manager_job_and_run(self):
        prop = lambda path, interface, name: json.loads(self.busctl(
            "--json=short", "get-property", NAME, path, f"org.snapshotter1.{interface}", name).stdout)["data"]
        self.assertRegex(prop(ROOT, "Manager", "Version"), r"^\d+\.\d+")
        self.assertEqual(prop(ROOT, "Manager", "State"), "running")
        self.assertEqual(prop(ROOT, "Manager", "ActiveRuns"), 0)
        self.assertEqual(prop(ROOT, "Manager", "LastError"), "")
        job = "/org/snapshotter1/job/nightly"
        self.assertEqual(prop(job, "Job", "Targets"), ["files"])
        self.assertEqual(prop(job, "Job", "NextRun"), prop(ROOT, "Manager", "NextRun"))
        self.assertEqual(prop(job, "Job", "LastGoodBackup"), 0)
        path = self.call_json("TriggerRun", "s", "nightly")[0]
        wait_for(lambda: prop(path, "Run", "State") == "succeeded", "the run")
        results = prop(path, "Run", "Results")
        self.assertEqual(results[0]["target"]["data"], "files")
        self.assertEqual(results[0]["state"]["data"], "succeeded")
        self.assertEqual(prop(path, "Run", "BytesRead"), 1)
        self.assertGreater(prop(job, "Job", "LastGoodBackup"), 0)
        self.assertEqual(prop(job, "Job", "LastState"), "succeeded")
        self.busctl("call", NAME, job, "org.snapshotter1.Job", "Trigger")

    def test_the_object_manager_shows_every_object(self):
        self.trigger()
        out = self.gdbus("org.freedesktop.DBus.ObjectManager.GetManagedObjects").stdout
        self.assertIn("/org/snapshotter1/job/nightly", out)
        self.assertIn("/org/snapshotter1/run/", out)
        tree = self.busctl("tree", NAME).stdout
        self.assertIn("/org/snapshotter1/job/on_2ddemand_2e1", tree)
        seen = self.busctl("introspect", NAME, ROOT).stdout
        for name in ("TriggerRun", "ListJobs", "RunFinished", "ActiveRuns"):
            self.assertIn(name, seen)

    def test_errors_have_their_names(self):
        self.assertIn("org.snapshotter1.Error.NoSuchJob", self.error_of("TriggerRun", "nigtly"))
        self.assertIn("did you mean 'nightly'?", self.error_of("TriggerRun", "nigtly"))
        self.assertIn("org.snapshotter1.Error.NoSuchRun", self.error_of("CancelRun", "x"))
        self.assertIn("org.snapshotter1.Error.NoSuchBackup", self.error_of("Verify", "['x/y/z']"))
        self.assertIn("org.snapshotter1.Error.InvalidArgument",
                      self.error_of("TriggerRunWithOptions", "nightly", "{'nonsense': <1>}"))
        self.assertIn("org.snapshotter1.Error.NoSuchJob", self.error_of("Prune", "nope", "true"))
        run = self.run_job()
        self.assertRegex(self.error_of("CancelRun", run["id"]), "NotRunning|NoSuchRun")

    def test_already_running_and_signals(self):
        monitor = subprocess.Popen(
            ["gdbus", "monitor", "--session", "-d", NAME, "-o", ROOT], stdout=subprocess.PIPE,
            env=self.environment, text=True)
        self.addCleanup(monitor.stdout.close)
        self.addCleanup(self.end, monitor)
        self.assertIn("Monitoring", monitor.stdout.readline())
        wait_for(lambda: "owned by" in monitor.stdout.readline(), "the owner")
        self.write_random("big", 100_000_000)
        run = self.trigger()
        self.assertIn("org.snapshotter1.Error.AlreadyRunning", self.error_of("TriggerRun", "nightly"))
        self.wait_run(run)
        seen = []
        wait_for(lambda: seen.append(monitor.stdout.readline()) or "RunFinished" in seen[-1], "RunFinished")
        text = "".join(seen)
        self.assertIn("RunStarted", text)
        self.assertIn("'succeeded'", seen[-1])

    def test_progress_comes_at_most_four_times_a_second(self):
        self.write_random("big", 250_000_000)
        monitor = subprocess.Popen(["busctl", f"--address={self.address}", "--json=short", "monitor", NAME],
                                   stdout=subprocess.PIPE, env=self.environment, text=True)
        self.addCleanup(monitor.stdout.close)
        self.addCleanup(self.end, monitor)
        run = self.trigger()
        record = self.wait_run(run)
        lines = []
        while True:
            line = json.loads(monitor.stdout.readline())
            lines.append(line)
            if line.get("member") == "RunFinished":
                break
        progress = [line for line in lines if line.get("member") == "PropertiesChanged"
                    and line["payload"]["data"][0] == "org.snapshotter1.Run"
                    and "BytesRead" in line["payload"]["data"][1]
                    and "State" not in line["payload"]["data"][1] and "Phase" not in line["payload"]["data"][1]]
        self.assertLessEqual(len(progress), 4 * record["duration"] + 8)

    def test_malformed_calls_do_no_harm(self):
        for arguments in (["TriggerRun", "i", "5"], ["TriggerRun"], ["TriggerRun", "s", "x" * 100_000],
                          ["ListRuns", "s", "x"], ["Nonsense"], ["CancelRun", "s", "../../etc"]):
            self.call(*arguments, check=1)
        self.busctl("call", NAME, "/org/snapshotter1/run/nope", "org.snapshotter1.Run", "Cancel", check=1)
        self.run_job()
