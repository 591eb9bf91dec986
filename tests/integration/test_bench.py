"""The bench is a program as well: whether it measures at all, says the truth about whom, and cleans up. How fast
anything is, is no matter here."""
import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "bench"), str(TESTS / "peers")]
import compare  # noqa: E402
import contenders  # noqa: E402
import measure  # noqa: E402
import report  # noqa: E402
import trees  # noqa: E402
from waiting import LIMIT, wait_for  # noqa: E402

RUN = TESTS / "bench" / "run.sh"
BIN = pathlib.Path(os.environ.get("SNAPSHOTTER_BIN", "build/bin")).resolve()


class TestBench(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="snapshotter-it-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.scratch, self.out, self.trees = (self.folder / name for name in ("scratch", "out", "trees"))
        self.environment = {**os.environ, "SNAPSHOTTER_BIN": str(BIN)}

    def arguments(self, *arguments):
        return [RUN, *arguments, "--out", self.out, "--scratch", self.scratch, "--trees", self.trees]

    def bench(self, *arguments, status=0, environment=None):
        done = subprocess.run([str(word) for word in self.arguments(*arguments)], capture_output=True, text=True,
                              env=environment or self.environment, timeout=LIMIT, check=False)
        self.assertIn(done.returncode, status if isinstance(status, tuple) else (status,), done.stdout + done.stderr)
        self.assertEqual(list(self.scratch.glob("*")), [], "the scratch folder is left clean")
        return done

    def result(self):
        (path,) = self.out.glob("*.json")
        return json.loads(path.read_text()), path.with_suffix(".md").read_text()

    def test_compare_a_tiny_tree(self):
        names = ["ours", "ours-zst", "tar-gz", "pigz", "pigz-verified", "zstd"]
        self.bench("--make", "tiny", "--files", "300", "--rounds", "1", "--only", ",".join(names))
        result, markdown = self.result()
        (tree,) = result["trees"]
        self.assertEqual((tree["files"], result["left_out"]), (300, {}))
        # What was restored was compared with the tree, or the bench had failed.
        measured = {(m["contender"], m["action"]) for m in tree["measurements"]}
        self.assertEqual(measured, {(name, "backup") for name in names}
                         | {(name, action) for name in names if name != "pigz-verified"
                            for action in ("restore", "fetch")})
        for m in tree["measurements"]:
            self.assertGreater(m["wall"], 0, m)
            self.assertGreater(m["peak"], 0, m)
            self.assertTrue(tree["bytes"] / 20 < m["bytes"] < tree["bytes"], m)
        for row in tree["summary"]:
            self.assertIn(f"{row['bytes'] / 1e6:.1f}", markdown)
        for name in names:
            self.assertIn(name, markdown)

    def test_whoever_is_not_installed_is_named(self):
        path = self.folder / "path"
        path.mkdir()
        for program in ("bash", "python3", "dirname", "sync", "tar", "gzip", "diff", "git"):
            if shutil.which(program):
                (path / program).symlink_to(shutil.which(program))
        done = self.bench("--make", "noise", "--size", "64K", "--rounds", "1", "--only", "tar-gz,zstd",
                          environment={**self.environment, "PATH": str(path)})
        self.assertIn("left out: zstd: zstd is not installed", done.stdout)
        result, markdown = self.result()
        self.assertEqual(result["left_out"], {"zstd": "zstd is not installed"})
        self.assertIn("Left out: zstd", markdown)

    def test_memory_is_judged(self):
        done = self.bench("memory", "links", "deep", "sparse", "--scale", "0.01", status=(0, 1))
        result, markdown = self.result()
        self.assertEqual([(r["scenario"], r["format"], r["action"]) for r in result["rows"]],
                         [(s, f, a) for s in ("links", "deep", "sparse") for f in ("tar.gz", "tar.zst")
                          for a in ("backup", "restore")])
        for row in result["rows"]:
            self.assertEqual(row["pass"], row["peak"] <= result["limit"])
            self.assertGreater(row["bytes"], 0)
        # A sanitizer's build takes more; what matters here is that the status says what the rows say.
        self.assertEqual(done.returncode, 0 if all(r["pass"] for r in result["rows"]) else 1)
        self.assertEqual("FAIL" in markdown, done.returncode == 1)

    def test_levels_are_tried(self):
        self.bench("levels", "--size", "1M", "--named")
        result, markdown = self.result()
        self.assertEqual([(r["format"], r["level"]) for r in result["rows"]],
                         [(f, level) for f in ("tar.gz", "tar.zst") for level in ("fast", "balanced", "small")])
        for row in result["rows"]:
            self.assertTrue(0 < row["bytes"] < result["tree"]["bytes"], row)
            self.assertIn(f"**{row['level']}**", markdown)

    def test_too_little_space_is_said_first(self):
        done = self.bench("--make", "huge", "--size", "9000T", status=1)
        self.assertRegex(done.stderr, r"comparing huge-9437184000M \(.*\) needs .* GB free: fewer --rounds")
        self.assertEqual(list(self.trees.glob("*")), [])
        with self.assertRaisesRegex(trees.Trouble, "the tree tiny-4000000000000 needs"):
            trees.make("tiny", self.trees, files=4 * 10**12)

    def test_wrong_arguments_are_explained(self):
        self.assertIn("there is no bench 'nonsense'", self.bench("nonsense", status=64).stderr)
        self.assertIn("nobody is called tarr; there are ours-fast", self.bench("--only", "tarr", status=1).stderr)
        self.assertIn("there is no kind 'big'", self.bench("--make", "big", status=2).stderr)
        self.assertIn("there is no scenario 'x'", self.bench("memory", "x", status=2).stderr)
        self.assertIn("the tree tiny has --files", self.bench("--make", "tiny", "--size", "1M", status=2).stderr)

    def test_scratch_inside_the_tree_is_refused(self):
        (self.folder / "file").write_text("x")
        self.assertIn("is inside the tree", self.bench("--tree", str(self.folder), "--only", "tar-gz",
                                                       status=1).stderr)

    def test_breaking_off_leaves_nothing(self):
        process = subprocess.Popen([str(word) for word in self.arguments(
            "--make", "noise", "--size", "1M", "--rounds", "1000", "--no-restore", "--only", "ours,tar-gz")],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            while "tar-gz" not in process.stdout.readline():
                self.assertIsNone(process.poll())
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGTERM)  # an impatient one, which must not stop the cleaning
            _, said = process.communicate(timeout=LIMIT)
        finally:
            process.kill()
            process.communicate()
        self.assertEqual(process.returncode, 130, said)
        self.assertEqual(list(self.scratch.glob("*")), [])

    # -- the parts

    def test_trees_are_the_same_each_time(self):
        for kind in trees.KINDS:
            made = [trees.make(kind, self.folder / place, 300_000, 200) for place in ("a", "b")]
            self.assertEqual(made[0].bytes, made[1].bytes)
            self.assertTrue((made[0].path / made[0].middle).is_file())
            done = subprocess.run(["diff", "-r", "--no-dereference", made[0].path, made[1].path], check=False)
            self.assertEqual(done.returncode, 0, kind)
        self.assertEqual(trees.make("tiny", self.folder / "a", files=200).files, 200)

    def test_a_wrong_restore_is_noticed(self):
        for name in ("wanted", "found"):
            (self.folder / name).mkdir()
            (self.folder / name / "file").write_text("same")
        compare.check_same(contenders.everyone()[0], self.folder / "wanted", self.folder / "found")
        (self.folder / "found" / "file").write_text("else")
        with self.assertRaisesRegex(measure.Failed, "ours-fast restored something else"):
            compare.check_same(contenders.everyone()[0], self.folder / "wanted", self.folder / "found")

    def test_failing_commands_are_no_measurements(self):
        with self.assertRaisesRegex(measure.Failed, "(?s)ended with 3.*because"):
            measure.measure([measure.Step([["sh", "-c", "echo because >&2; exit 3"], ["cat"]])], self.folder / "log")

    def test_memory_of_all_processes_is_seen(self):
        # Each holds its memory until it has been seen with it: the reader closes when the peak is there.
        hold = "data = bytearray(64 << 20); import sys; sys.stdin.read()"
        watch = measure.Watch()
        process = subprocess.Popen(["sh", "-c", f"{sys.executable} -c '{hold}'; exit 0"], stdin=subprocess.PIPE)
        watch.add(process.pid)
        try:
            wait_for(lambda: watch.look() or sum(watch.peaks.values()) > 64 << 20, "the memory of a grandchild")
            self.assertGreater(len(watch.peaks), 1)
        finally:
            process.communicate()

    def test_medians_and_ratios(self):
        rows = report.summary([{"contender": c, "action": "backup", "round": i, "wall": w, "cpu": w * 2, "peak": 1,
                                "bytes": b} for c, walls, b in (("a", (8, 1, 4), 100), ("b", (1, 2, 9), 50))
                               for i, w in enumerate(walls)], "a")
        self.assertEqual([(r["wall"], r["wall_min"], r["wall_max"], r["wall_ratio"], r["bytes_ratio"]) for r in rows],
                         [(4, 1, 8, 1.0, 1.0), (2, 1, 9, 2.0, 2.0)])
        self.assertIsNone(report.summary([{"contender": "b", "action": "backup", "round": 1, "wall": 1, "cpu": 1,
                                           "peak": 1, "bytes": 1}], "a")[0]["wall_ratio"])

    def test_services_at_rest(self):
        self.bench("services", "idle", "--seconds", "1", "--jobs", "20")
        result, markdown = self.result()
        self.assertEqual([row["jobs"] for row in result["idle"]], [1, 20])
        for row in result["idle"]:
            self.assertGreater(row["rss"], row["anonymous"], row)
            self.assertGreater(row["first_start"], 0, row)
        self.assertIn("### idle", markdown)

    def test_sizes_are_read(self):
        self.assertEqual([trees.parse_size(text) for text in ("4096", "512M", "1.5GiB", "10 KB")],
                         [4096, 512 << 20, 3 << 29, 10240])
        for text in ("", "x", "-1", "0", "M", "inf", "nan"):
            with self.assertRaises(argparse.ArgumentTypeError):
                trees.parse_size(text)
