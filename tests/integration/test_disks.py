"""Disks that are full, read-only or slow to please, and sources that are odd or large."""
import json
import os
import subprocess
import threading

from daemon_fixture import DaemonTest, wait_for


class TestDisks(DaemonTest):
    def test_a_full_disk_fails_the_run_and_harms_no_older_backup(self):
        disk = self.folder / "small"
        self.mount_tmpfs(disk, "size=6m,mode=0700")
        self.backups = disk / "backups"
        self.write_random("a", 2_000_000)
        self.configure()
        self.start()
        self.run_job()
        self.write_random("b", 20_000_000)
        run = self.run_job(state="failed")
        self.assertIn("space", run["error"])
        self.assertIn(str(self.backups), run["error"])
        self.assertEqual(len(self.archives()), 1)
        self.assertEqual(self.unfinished(), [])
        archive = self.archives()[0]
        self.command("sha256sum", "-c", archive.name + ".sha256", check=0, cwd=archive.parent)
        os.remove(self.source / "b")
        self.run_job()

    def test_min_free_keeps_a_run_from_starting(self):
        disk = self.folder / "small"
        self.mount_tmpfs(disk, "size=16m,mode=0700")
        self.backups = disk / "backups"
        (self.source / "a").write_text("x")
        self.configure(stores={"local": {"type": "directory", "path": str(self.backups), "min_free": "1GiB"}})
        self.start()
        run = self.run_job(state="failed")
        self.assertIn("min_free", run["error"])
        self.assertEqual(self.archives(), [])

    def test_a_full_state_folder_does_not_stop_a_backup(self):
        self.mount_tmpfs(self.state, "size=1m,mode=0700")
        (self.source / "a").write_text("x")
        self.configure()
        self.start()
        filler = os.open(self.state / "filler", os.O_WRONLY | os.O_CREAT)
        with self.assertRaises(OSError):
            while True:
                os.write(filler, b"x" * 4096)
        os.close(filler)
        self.call("TriggerRun", "s", "nightly")
        wait_for(self.archives, "the backup")
        os.remove(self.state / "filler")
        self.run_job()

    def test_a_read_only_store_is_named(self):
        disk = self.folder / "disk"
        self.mount_tmpfs(disk, "size=6m,mode=0700")
        self.backups = disk / "backups"
        (self.source / "a").write_text("x")
        self.configure()
        self.start()
        self.run_job()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        run = self.run_job(state="failed")
        self.assertIn("Read-only file system", run["error"])
        self.assertIn(str(self.backups), run["error"])

    def test_unreadable_files_and_exit_0_an_unprivileged_daemon_is_partial(self):
        (self.source / "readable").write_text("x")
        (self.source / "secret").write_text("x")
        (self.source / "secret").chmod(0o600)
        for folder in (self.folder, self.source):
            folder.chmod(0o777)
        self.configure()
        self.notify.path.chmod(0o666)
        self.log_path.touch(0o666)
        self.start(prefix=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"))
        run = self.wait_run(self.trigger())
        self.assertEqual(run["state"], "partial")
        self.assertIn("secret", run["error"])
        self.assertIn("Permission denied", run["error"])
        backup = self.ctl_json("backups")[0]
        self.assertFalse(backup["good"])
        self.assertEqual(backup["state"], "partial")

    def test_odd_names_survive(self):
        every_byte = bytes(b for b in range(1, 256) if b != ord("/"))
        base = os.fsencode(self.source)
        names = [every_byte[:128], every_byte[128:], b"n" * 255, b"new\nline", b" ", b"-rf", b"\\", b"a\xffb"]
        for number, name in enumerate(names):
            with open(base + b"/" + name, "w") as file:
                file.write(str(number))
        self.configure()
        self.start()
        self.run_job()
        archive = self.archives()[0]
        for tool in ("tar", "bsdtar"):
            out = self.folder / f"out-{tool}"
            out.mkdir()
            self.command(tool, "-xpf", archive, "-C", out, check=0)
            restored = os.fsencode(out) + base
            self.assertEqual(sorted(os.listdir(restored)), sorted(names), tool)
            for number, name in enumerate(names):
                with open(restored + b"/" + name) as file:
                    self.assertEqual(file.read(), str(number))

    def test_a_sparse_file_of_10_gb_stays_small(self):
        with open(self.source / "sparse", "wb") as file:
            file.truncate(10 << 30)
            file.seek(5 << 30)
            file.write(b"in the middle")
        self.configure()
        self.start()
        run = self.run_job()
        self.assertLess(run["bytes_stored"], 1_000_000)
        self.ctl("restore", "nightly/files", "--to", self.folder / "out")
        restored = self.folder / "out" / str(self.source / "sparse").lstrip("/")
        self.assertEqual(restored.stat().st_size, 10 << 30)
        self.assertLess(restored.stat().st_blocks, 1000)
        with open(restored, "rb") as file:
            file.seek(5 << 30)
            self.assertEqual(file.read(13), b"in the middle")

    def test_hard_links_are_stored_once_and_restored_linked(self):
        big = self.write_random("first", 1_000_000)
        for number in range(50):
            os.link(big, self.source / f"link{number}")
        self.configure()
        self.start()
        run = self.run_job()
        self.assertLess(run["bytes_stored"], 1_500_000)
        self.ctl("restore", "nightly/files", "--to", self.folder / "out")
        restored = self.folder / "out" / str(self.source).lstrip("/")
        self.assertEqual(len({p.stat().st_ino for p in restored.iterdir()}), 1)

    def test_100000_small_files(self):
        for folder in range(100):
            (self.source / str(folder)).mkdir()
            for number in range(1000):
                with open(self.source / str(folder) / str(number), "w") as file:
                    file.write(f"{folder}/{number}")
        self.configure()
        self.start()
        run = self.run_job(limit=180)
        self.assertEqual(run["results"][0]["entries"], 100_101)
        with open(f"/proc/{self.daemon.pid}/status") as status:
            peak = next(line.strip() for line in status if line.startswith("VmHWM"))
        print("100,000 files:", peak)

    def test_a_file_that_grows_while_it_is_read(self):
        log = self.write_random("growing.log", 30_000_000)
        stop = threading.Event()

        def grow():
            with open(log, "ab") as file:
                while not stop.is_set():
                    file.write(b"another line\n" * 1000)
                    file.flush()

        writer = threading.Thread(target=grow)
        writer.start()
        self.addCleanup(writer.join)
        self.addCleanup(stop.set)
        self.configure()
        self.start()
        run = self.run_job()
        stop.set()
        self.assertEqual(run["results"][0]["warnings"], 1)
        manifest = json.loads(next(self.backups.rglob("*.json")).read_text())
        self.assertIn("growing.log", manifest["warnings"][0]["path"])
        self.command("tar", "-tf", self.archives()[0], check=0)
