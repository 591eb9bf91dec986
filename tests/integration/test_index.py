"""Single files out of a backup, without reading the rest of it."""
import hashlib
import json
import os
import shutil

from daemon_fixture import DaemonTest, wait_for


class TestIndex(DaemonTest):
    def setUp(self):
        super().setUp()
        for i in range(12):
            self.write_random(f"f{i}", 2_000_000)
        self.configure()
        self.start()
        self.run_job()
        self.archive = self.archives()[0]
        self.index = self.archive.with_name(self.archive.name + ".index")
        self.manifest = json.loads(self.archive.with_name(self.archive.name + ".json").read_text())

    def restore(self, what, name, check=0):
        """Restores one file; what was printed as JSON, and the rest of it."""
        out = self.folder / f"out-{len(list(self.folder.iterdir()))}"
        done = self.ctl("restore", what, "--to", out, "--path", self.source / name, "--json", check=check)
        if check == 0:
            restored = out / str(self.source / name).lstrip("/")
            self.assertEqual(restored.read_bytes(), (self.source / name).read_bytes())
        return json.loads(done.stdout) if done.stdout else {}, done.stderr

    def flip(self, path, offset):
        with open(path, "r+b") as file:
            file.seek(offset)
            byte = file.read(1)[0]
            file.seek(offset)
            file.write(bytes([byte ^ 1]))

    def test_one_file_is_restored_by_the_index(self):
        self.assertEqual(os.stat(self.index).st_mode & 0o7777, 0o600)
        self.assertEqual(self.manifest["index"],
                         {"bytes": self.index.stat().st_size,
                          "sha256": hashlib.sha256(self.index.read_bytes()).hexdigest()})
        told, _ = self.restore("nightly/files", "f6")
        self.assertTrue(told["indexed"])
        self.assertEqual(told["entries"], 1)
        self.assertLess(told["bytes_read"], 6_000_000)
        whole = self.ctl_json("restore", "nightly/files", "--to", self.folder / "whole")
        self.assertFalse(whole["indexed"])
        self.assertTrue(whole["verified"])
        # A copy of both, and no daemon.
        self.stop()
        shutil.copy(self.archive, self.folder / "a.tar.gz")
        shutil.copy(self.index, self.folder / "a.tar.gz.index")
        told, _ = self.restore(self.folder / "a.tar.gz", "f3")
        self.assertTrue(told["indexed"])

    def test_a_damaged_index_is_told_and_not_used(self):
        self.flip(self.index, self.index.stat().st_size // 2)
        told, errors = self.restore("nightly/files", "f6")
        self.assertFalse(told["indexed"])
        self.assertTrue(told["verified"])
        self.assertIn("index", errors)
        self.assertIn("index", self.ctl("verify", "--all").stdout)
        self.assertTrue(self.ctl_json("backups")[0]["good"])

    def test_a_lost_index_is_no_loss(self):
        self.index.unlink()
        told, errors = self.restore("nightly/files", "f6")
        self.assertFalse(told["indexed"])
        self.assertTrue(told["verified"])
        self.assertEqual(errors, "")
        self.ctl("rescan")
        self.assertTrue(self.ctl_json("backups")[0]["good"])

    def test_the_index_of_another_backup_is_not_used(self):
        (self.source / "f0").unlink()
        self.run_job()
        (other,) = set(self.archives()) - {self.archive}
        shutil.copy(other.with_name(other.name + ".index"), self.index)
        told, errors = self.restore(self.archive, "f6")
        self.assertFalse(told["indexed"])
        self.assertIn("another archive", errors)

    def test_a_file_is_saved_from_a_damaged_archive(self):
        self.flip(self.archive, self.archive.stat().st_size - 100_000)
        self.restore("nightly/files", "f0")
        last = sorted(f"f{i}" for i in range(12))[-1]
        self.restore("nightly/files", last, check=1)

    def test_a_crash_between_index_and_archive_is_swept(self):
        self.stop()
        self.archive.rename(self.archive.with_name(f".{self.archive.name}.partial"))
        left = self.archive.with_name(".files-20200101T000000Z.tar.gz.index.partial")
        left.write_bytes(b"left")
        self.start()
        wait_for(lambda: not self.unfinished() and not [p for p in self.stored() if ".index" in p.name],
                 "the sweep")
        self.ctl("rescan")
        self.assertEqual(self.ctl_json("backups"), [])
