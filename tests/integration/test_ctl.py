"""snapshotctl, typed by an operator."""
import json
import re

from daemon_fixture import BIN, DaemonTest


class TestCtl(DaemonTest):
    def setUp(self):
        super().setUp()
        (self.source / "sub").mkdir()
        (self.source / "sub" / "a").write_text("alpha\n")
        (self.source / "b").write_text("beta\n")
        self.configure(jobs={"nightly": {"schedule": "0 2 * * *", "targets": ["files"],
                                         "retention": {"keep_last": 2}}})

    def test_the_round_trip(self):
        self.start()
        self.assertIn("succeeded", self.ctl("run", "nightly", "--wait").stdout)
        (run,) = self.ctl_json("runs")
        self.assertEqual(run["state"], "succeeded")
        self.assertIn("verified", self.ctl("show", run["id"]).stdout)
        self.assertIn(run["id"], self.ctl("show", run["id"][:17], "--json").stdout)
        (backup,) = self.ctl_json("backups", "nightly/files")
        self.assertEqual(self.ctl_json("backups", "nightly"), [backup])
        self.assertTrue(backup["good"])
        self.assertTrue(any("keep_last" in rule for rule in backup["kept_by"]), backup)
        self.ctl("verify", backup["id"])
        self.ctl("verify", "--all")
        out = self.folder / "out"
        self.ctl("restore", backup["id"], "--to", out)
        restored = out / str(self.source).lstrip("/")
        self.assertEqual((restored / "sub" / "a").read_text(), "alpha\n")
        self.ctl("restore", backup["id"], "--to", out, check=1)
        (restored / "b").write_text("changed")
        self.ctl("restore", backup["id"], "--to", out, "--force")
        self.assertEqual((restored / "b").read_text(), "beta\n")

    def test_restore_of_a_part(self):
        self.start()
        self.run_job()
        out = self.folder / "out"
        self.ctl("restore", "nightly/files", "--to", out, "--path", f"{self.source}/sub")
        restored = out / str(self.source).lstrip("/")
        self.assertEqual(sorted(p.name for p in restored.iterdir()), ["sub"])
        missed = self.ctl("restore", "nightly/files", "--to", self.folder / "o2", "--path", "nowhere", check=None)
        self.assertNotEqual(missed.returncode, 0)
        self.assertIn("nowhere", missed.stderr + missed.stdout)

    def test_restore_needs_no_daemon_for_an_archive_file(self):
        self.start()
        self.run_job()
        self.stop()
        self.ctl("restore", self.archives()[0], "--to", self.folder / "out")
        self.assertTrue((self.folder / "out" / str(self.source / "b").lstrip("/")).exists())

    def test_a_damaged_archive_is_found(self):
        self.start()
        self.run_job()
        with open(self.archives()[0], "r+b") as file:
            file.seek(100)
            byte = file.read(1)
            file.seek(100)
            file.write(bytes([byte[0] ^ 1]))
        failed = self.ctl("verify", "--all", check=1)
        self.assertIn("nightly/files", failed.stdout + failed.stderr)
        self.assertFalse(self.ctl_json("backups")[0]["good"])

    def test_listings_and_status(self):
        self.start()
        self.assertIn("nightly", self.ctl("status").stdout)
        self.assertIn("0 2 * * *", self.ctl("jobs").stdout)
        self.assertEqual(self.ctl_json("job", "nightly")["name"], "nightly")
        firings = self.ctl_json("next", "nightly", "-n", "3")
        self.assertEqual(len(firings), 3)
        self.assertTrue(all(f["utc"].endswith("T02:00:00Z") for f in firings))
        self.assertEqual(self.ctl_json("runs"), [])
        self.assertEqual(self.ctl_json("backups"), [])
        self.assertIsInstance(self.ctl_json("status"), dict)

    def test_next_without_a_daemon(self):
        firings = self.ctl_json("next", "--schedule", "0 2 * * *", "--timezone", "Europe/Berlin",
                                "--from", "2026-03-28T00:00", "-n", "3")
        self.assertEqual([(f["local"], f["utc"]) for f in firings], [
            ("2026-03-28T02:00:00+01:00", "2026-03-28T01:00:00Z"),
            ("2026-03-29T03:00:00+02:00", "2026-03-29T01:00:00Z"),
            ("2026-03-30T02:00:00+02:00", "2026-03-30T00:00:00Z")])
        self.assertNotEqual(firings[1]["note"], "")
        self.assertEqual(firings[0]["note"], "")

    def test_cancel_prune_rescan_reload(self):
        self.start()
        for _ in range(3):
            self.run_job()
        self.assertEqual(len(self.ctl_json("backups")), 2)
        self.configure(jobs={"nightly": {"targets": ["files"], "retention": {"keep_last": 1}}})
        self.ctl("reload")
        (preview,) = self.ctl_json("prune", "nightly", "--dry-run")
        self.assertEqual(len(self.ctl_json("backups")), 2)
        self.ctl("prune", "nightly")
        self.assertEqual(len(self.ctl_json("backups")), 1)
        self.stop()
        for file in self.state.iterdir():
            file.unlink()
        self.start()
        self.ctl("rescan")
        self.assertEqual(len(self.ctl_json("backups")), 1)
        self.write_random("big", 150_000_000)
        run = self.trigger()
        self.ctl("cancel", run)
        self.assertEqual(self.wait_run(run, limit=5)["state"], "cancelled")

    def test_follow_prints_one_object_a_line(self):
        self.start()
        lines = self.ctl("run", "nightly", "--follow", "--json").stdout.splitlines()
        self.assertGreaterEqual(len(lines), 1)
        self.assertEqual(json.loads(lines[-1])["state"], "succeeded")

    def test_exit_codes_follow_the_run(self):
        self.configure(targets={"files": {"type": "filesystem", "paths": [str(self.source)]},
                                "gone": {"type": "filesystem", "paths": [str(self.folder / "gone")]}},
                       jobs={"bad": {"targets": ["gone"]}, "both": {"targets": ["gone", "files"]}})
        self.start()
        self.ctl("run", "bad", "--wait", check=1)
        self.ctl("run", "both", "--wait", check=3)
        self.assertEqual(len(self.ctl_json("runs", "--failed")), 2)
        self.ctl("run", "nope", check=1)
        self.ctl("nonsense", check=64)
        self.ctl(check=64)

    def test_a_daemon_that_is_not_running_is_one_clear_line(self):
        for arguments in (["status"], ["jobs"], ["run", "nightly"], ["runs"], ["backups"]):
            failed = self.ctl(*arguments, check=4)
            self.assertEqual(len(failed.stderr.strip().splitlines()), 1, failed.stderr)
            self.assertIn("not running", failed.stderr)
            self.assertEqual(failed.stdout, "")

    def test_a_wrong_job_suggests_the_right_one(self):
        self.start()
        failed = self.ctl("run", "nigtly", check=1)
        self.assertIn("did you mean 'nightly'?", failed.stderr)
        self.assertEqual(len(failed.stderr.strip().splitlines()), 1, failed.stderr)

    def test_check_config_needs_no_daemon(self):
        self.ctl("check-config", "--config", self.config_path)
        self.config_path.write_text("jobs: [")
        failed = self.ctl("check-config", "--config", self.config_path, check=2)
        self.assertRegex(failed.stderr + failed.stdout, re.escape(str(self.config_path)) + r":\d+:\d+: ")

    def test_help_teaches(self):
        self.assertIn("restore", self.ctl("--help").stdout)
        for verb in ("status", "jobs", "job", "next", "run", "runs", "show", "cancel", "backups", "verify",
                     "restore", "prune", "rescan", "reload", "check-config"):
            self.assertIn("snapshotctl " + verb, self.ctl(verb, "--help").stdout, verb)

    def test_it_asks_the_system_bus_by_default(self):
        self.environment["DBUS_SYSTEM_BUS_ADDRESS"] = self.address
        self.start()
        self.assertIn("nightly", self.command(BIN / "snapshotctl", "jobs", check=0).stdout)

    def test_extraction_stays_in_its_folder(self):
        import io
        import tarfile
        evil = self.folder / "evil.tar.gz"
        with tarfile.open(evil, "w:gz") as tar:
            for name, kind, link in (("../escaped", None, ""), (str(self.folder / "absolute"), None, ""),
                                     ("way", tarfile.SYMTYPE, str(self.folder)), ("way/through", None, ""),
                                     ("good", None, "")):
                info = tarfile.TarInfo(name)
                info.type = kind or tarfile.REGTYPE
                info.linkname = link
                info.size = 0 if kind else 4
                tar.addfile(info, None if kind else io.BytesIO(b"evil"))
        out = self.folder / "deep" / "out"
        done = self.ctl("restore", evil, "--to", out, check=3)
        self.assertIn("escaped", done.stdout + done.stderr)
        self.assertEqual((out / "good").read_text(), "evil")
        for outside in ("escaped", "absolute", "through", "deep/escaped"):
            self.assertFalse((self.folder / outside).exists(), outside)
