"""Starting, stopping, reloading; what the service manager is told; what a bad start says."""
import signal

from daemon_fixture import BIN, DaemonTest, wait_for


class TestLifecycle(DaemonTest):
    def test_sigterm_in_a_run_ends_in_order(self):
        self.write_random("big", 200_000_000)
        self.configure()
        self.start()
        run = self.trigger()
        wait_for(lambda: self.describe(run)["progress"]["bytes_written"] > 0, "bytes in the store")
        self.assertEqual(self.stop(limit=10), 0)
        self.assertIn("STOPPING=1", self.notify.lines)
        self.assertEqual(self.archives() + self.unfinished(), [])
        self.start()
        self.assertEqual(self.describe(run)["state"], "interrupted")

    def test_ctrl_c_ends_it(self):
        self.configure()
        self.start()
        self.assertEqual(self.stop(signal.SIGINT, limit=10), 0)

    def test_the_service_manager_is_told(self):
        (self.source / "a").write_text("x")
        self.extra_environment = {"WATCHDOG_USEC": "200000"}
        self.configure(jobs={"nightly": {"schedule": "0 2 * * *", "targets": ["files"]}})
        self.start()
        self.notify.wait("WATCHDOG=1")
        self.assertTrue(any(line.startswith("STATUS=Idle; next run ") for line in self.notify.lines),
                        self.notify.lines)
        self.run_job()
        wait_for(lambda: any(line.startswith("STATUS=Running nightly") for line in self.notify.lines),
                 "STATUS of the run")
        self.notify.lines.clear()
        self.daemon.send_signal(signal.SIGHUP)
        self.notify.wait("RELOADING=1")
        self.notify.wait("READY=1")
        self.stop()
        self.assertIn("STOPPING=1", self.notify.lines)

    def test_reload_swaps_and_a_bad_one_changes_nothing(self):
        (self.source / "a").write_text("x")
        self.configure()
        self.start()
        self.configure(jobs={"weekly": {"schedule": "@weekly", "targets": ["files"]}})
        self.call("Reload")
        self.assertEqual([j["name"] for j in self.ctl_json("jobs")], ["weekly"])
        self.config_path.write_text("jobs: {x: {shedule: '@daily'}}\n")
        refused = self.call("Reload", check=1)
        self.assertIn("did you mean 'schedule'?", refused.stderr)
        error = self.command("gdbus", "call", "--session", "-d", "org.snapshotter1", "-o", "/org/snapshotter1",
                             "-m", "org.snapshotter1.Manager.Reload", check=1)
        self.assertIn("org.snapshotter1.Error.ConfigInvalid", error.stderr)
        self.assertEqual([j["name"] for j in self.ctl_json("jobs")], ["weekly"])
        self.daemon.send_signal(signal.SIGHUP)
        wait_for(lambda: "not reloaded" in self.log(), "the refusal in the log")
        self.run_job("weekly")

    def test_a_run_under_way_keeps_its_configuration(self):
        self.write_random("big", 100_000_000)
        self.configure()
        self.start()
        run = self.trigger()
        self.configure(jobs={"other": {"targets": ["files"]}})
        self.call("Reload")
        self.assertEqual(self.wait_run(run)["state"], "succeeded")

    def test_a_second_daemon_is_kept_out(self):
        self.configure()
        self.start()
        second = self.command(BIN / "snapshotterd", "--config", self.config_path, "--bus", "none", check=4)
        self.assertIn("another snapshotterd", second.stderr)
        self.assertEqual(len(second.stderr.strip().splitlines()), 1)
        self.configure(daemon={"state_dir": str(self.folder / "state2")})
        second = self.command(BIN / "snapshotterd", "--config", self.config_path, "--bus", "session", check=4)
        self.assertIn("org.snapshotter1", second.stderr)

    def test_without_a_bus_it_says_so(self):
        self.configure()
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={self.folder}/nowhere"
        failed = self.command(BIN / "snapshotterd", "--config", self.config_path, "--bus", "session", check=4)
        self.assertIn("session bus", failed.stderr)

    def test_every_mistake_is_reported_at_once(self):
        self.config_path.write_text(
            "stores: {local: {type: directory, path: relative}}\n"
            "targets:\n"
            "  etc: {type: filesytem, paths: [/etc]}\n"
            "jobs:\n"
            "  nightly:\n"
            "    schedule: '0 25 * * *'\n"
            "    retension: {days: 3}\n"
            "    targets: [ect]\n")
        for arguments in (["--check-config"], ["--run", "nightly"], ["--bus", "none"]):
            failed = self.command(BIN / "snapshotterd", "--config", self.config_path, *arguments, check=2)
            for expected in (":1:", "did you mean 'filesystem'?", "'25'",
                             "unknown key 'retension', did you mean 'retention'?", "did you mean 'etc'?"):
                self.assertIn(expected, failed.stderr)

    def test_a_missing_configuration_and_wrong_usage(self):
        failed = self.command(BIN / "snapshotterd", "--config", self.folder / "none.yaml", check=2)
        self.assertIn("none.yaml", failed.stderr)
        self.command(BIN / "snapshotterd", "--nonsense", check=64)
        self.command(BIN / "snapshotterd", "--bus", "nonsense", check=64)
        self.assertIn("--check-config", self.command(BIN / "snapshotterd", "--help", check=0).stdout)
        self.assertIn("snapshotterd 0.", self.command(BIN / "snapshotterd", "--version", check=0).stdout)

    def test_a_night_is_at_most_five_lines(self):
        (self.source / "a").write_text("x")
        self.configure()
        self.start()
        before = len(self.log().splitlines())
        self.run_job()
        self.assertLessEqual(len(self.log().splitlines()) - before, 5, self.log())
