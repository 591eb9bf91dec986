"""Runs of the real daemon, seen by a stranger on the bus."""
import hashlib
import json
import os
import signal
import stat
import tarfile

from daemon_fixture import BIN, DaemonTest, wait_for


class TestRuns(DaemonTest):
    def test_a_backup_is_what_every_tool_can_read(self):
        (self.source / "a").write_text("alpha\n")
        (self.source / "sub").mkdir()
        (self.source / "sub" / "b").write_bytes(os.urandom(3_000_000))
        os.link(self.source / "a", self.source / "linked")
        os.symlink("a", self.source / "symbolic")
        for extension in ("tar.gz", "tar.zst"):
            with self.subTest(extension):
                self.configure(stores={"local": {"type": "directory", "path": str(self.backups),
                                                 "format": extension}})
                self.start()
                run = self.run_job()
                archive = [a for a in self.archives() if a.name.endswith(extension)][0]
                self.command("sha256sum", "-c", archive.name + ".sha256", check=0, cwd=archive.parent)
                self.command(*(["gzip", "-t"] if extension == "tar.gz" else ["zstd", "-t", "-q"]),
                             archive, check=0)
                self.command("tar", "--compare", "-f", archive, "-C", "/", check=0)
                listed = self.command("tar", "-tf", archive, check=0).stdout.splitlines()
                self.assertEqual(listed, self.command("bsdtar", "-tf", archive, check=0).stdout
                                 .splitlines())
                self.assertEqual(len(listed), run["results"][0]["entries"])
                manifest = json.loads((archive.parent / (archive.name + ".json")).read_text())
                self.assertEqual(manifest["sha256"], hashlib.sha256(archive.read_bytes()).hexdigest())
                self.stop()
        with tarfile.open([a for a in self.archives() if a.name.endswith("gz")][0]) as tar:
            names = {m.name for m in tar.getmembers()}
        self.assertIn(str(self.source / "sub" / "b").lstrip("/"), names)

    def test_folders_are_0700_and_files_0600(self):
        (self.source / "a").write_text("x")
        self.configure(logging={"file": {"path": str(self.folder / "logs" / "d.log")}})
        self.start(prefix=("sh", "-c", 'umask 000; exec "$0" "$@"'))
        self.run_job()
        seen = 0
        for top in (self.backups, self.state, self.folder / "logs"):
            for path in [top, *top.rglob("*")]:
                mode = stat.S_IMODE(path.stat().st_mode)
                self.assertEqual(mode, 0o700 if path.is_dir() else 0o600, path)
                seen += 1
        self.assertGreater(seen, 8)

    def test_two_runs_at_once(self):
        self.write_random("big", 60_000_000)
        other = self.folder / "other"
        other.mkdir()
        (other / "x").write_text("x")
        self.configure(
            targets={"big": {"type": "filesystem", "paths": [str(self.source)]},
                     "small": {"type": "filesystem", "paths": [str(other)]}},
            jobs={"slow": {"targets": ["big"]}, "quick": {"targets": ["small"]}})
        self.start()
        slow = self.trigger("slow")
        self.run_job("quick")
        self.assertEqual(self.wait_run(slow)["state"], "succeeded")

    def test_cancel_in_every_phase(self):
        self.write_random("big", 150_000_000)
        self.configure(jobs={"nightly": {"targets": ["files"], "overlap": "queue"}})
        self.start()
        for phase in ("archiving", "finishing", "verifying"):
            with self.subTest(phase):
                run = self.trigger()
                reached = wait_for(
                    lambda: (self.describe(run)["progress"] or {"phase": "over"})["phase"] in (phase, "over"),
                    phase)
                self.assertTrue(reached)
                cancelled = self.call("CancelRun", "s", run, check=None)
                if cancelled.returncode == 0:
                    self.assertIn(self.wait_run(run, limit=5)["state"], ("cancelled", "succeeded"))
                    if self.describe(run)["state"] == "cancelled":
                        self.assertEqual(self.unfinished(), [])

    def test_cancel_leaves_nothing_behind_and_is_prompt(self):
        self.write_random("big", 200_000_000)
        self.configure()
        self.start()
        run = self.trigger()
        wait_for(lambda: self.describe(run)["progress"]["bytes_written"] > 0, "bytes in the store")
        self.call("CancelRun", "s", run)
        self.assertEqual(self.wait_run(run, limit=5)["state"], "cancelled")
        self.assertEqual(self.archives() + self.unfinished(), [])
        self.call("CancelRun", "s", run, check=1)

    def test_kill_9_in_the_middle_and_restart(self):
        (self.source / "old").write_text("x")
        self.configure(jobs={"nightly": {"schedule": "0 0 1 1 *", "targets": ["files"]}})
        self.start()
        self.run_job()
        good = self.archives()
        self.write_random("big", 150_000_000)
        run = self.trigger()
        wait_for(lambda: self.describe(run)["progress"]["bytes_written"] > 0, "bytes in the store")
        self.daemon.send_signal(signal.SIGKILL)
        self.daemon.wait()
        self.assertNotEqual(self.unfinished(), [])
        self.start()
        self.assertEqual(self.describe(run)["state"], "interrupted")
        wait_for(lambda: not self.unfinished(), "the sweep")
        self.assertEqual(self.archives(), good)
        self.run_job()

    def test_a_scheduled_run_that_died_is_caught_up(self):
        self.write_random("big", 150_000_000)
        self.configure(jobs={"nightly": {"schedule": "* * * * * *", "targets": ["files"]}})
        self.start()
        run = wait_for(lambda: next((r["id"] for r in self.runs() if r["state"] == "running"), None), "a firing")
        wait_for(lambda: (self.describe(run)["progress"] or {}).get("bytes_written"), "bytes in the store")
        self.daemon.send_signal(signal.SIGKILL)
        self.daemon.wait()
        self.configure(jobs={"nightly": {"schedule": "0 0 1 1 *", "targets": ["files"]}})
        self.start()
        made_up = wait_for(lambda: next((r for r in self.runs() if r["trigger"] == "catch_up"), None), "the catch-up")
        self.assertEqual(self.wait_run(made_up["id"])["state"], "succeeded")

    def test_a_schedule_of_every_second_keeps_two(self):
        (self.source / "a").write_text("x")
        self.configure(jobs={"often": {"schedule": "* * * * * *", "targets": ["files"],
                                       "retention": {"keep_last": 2}}})
        self.start()
        wait_for(lambda: sum(r["state"] == "succeeded" for r in self.runs()) >= 4, "four runs")
        self.stop()
        self.assertLessEqual(len(self.archives()), 3)
        self.assertGreaterEqual(len(self.archives()), 2)

    def test_run_without_a_daemon(self):
        (self.source / "a").write_text("x")
        self.configure(targets={"files": {"type": "filesystem", "paths": [str(self.source)]},
                                "absent": {"type": "filesystem", "paths": [str(self.folder / "no")]}},
                       jobs={"good": {"targets": ["files"]}, "bad": {"targets": ["absent"]},
                             "both": {"targets": ["absent", "files"]}})
        once = lambda job, code: self.command(BIN / "snapshotterd", "--config", self.config_path,
                                              "--run", job, check=code)
        self.assertIn("succeeded", once("good", 0).stdout)
        failed = once("bad", 1)
        self.assertIn("failed", failed.stdout)
        self.assertIn(str(self.folder / "no"), failed.stdout)
        self.assertIn("partial", once("both", 3).stdout)
        self.assertIn("did you mean 'good'?", once("god", 1).stderr)
        self.assertEqual(len(self.archives()), 2)

    def test_green_but_worthless_a_missing_path_is_an_error(self):
        self.configure(targets={"files": {"type": "filesystem",
                                          "paths": [str(self.source), str(self.folder / "unmounted")]}})
        self.start()
        run = self.run_job(state="failed")
        self.assertIn("unmounted", run["error"])
        self.assertEqual(self.archives() + self.unfinished(), [])
