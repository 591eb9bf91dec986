"""A daemon that leaves the machine to others: priorities, workers, bandwidths, and what a reload makes of them."""
import datetime
import pathlib
import re
import subprocess
import tarfile
import unittest

from daemon_fixture import DaemonTest, wait_for

MIB = 1 << 20


class TestNeighbour(DaemonTest):
    def setUp(self):
        super().setUp()
        (self.source / "note").write_text("something to back up")

    # -- what the kernel knows of the daemon's threads

    def threads(self, name):
        """The ids of those whose name begins so."""
        found = []
        for task in pathlib.Path(f"/proc/{self.daemon.pid}/task").iterdir():
            try:
                if (task / "comm").read_text().startswith(name):
                    found.append(task.name)
            except FileNotFoundError:  # it has just left
                pass
        return found

    def nice(self, name):
        return {nice_in(pathlib.Path(f"/proc/{self.daemon.pid}/task/{t}/stat").read_text())
                for t in self.threads(name)}

    def io(self, name):
        return {subprocess.run(["ionice", "-p", t], check=True, capture_output=True, text=True).stdout.strip()
                for t in self.threads(name)}

    def reload(self, **configuration):
        self.configure(**configuration)
        self.call("Reload")

    # -- priorities and workers

    def test_workers_give_way_and_the_loop_does_not(self):
        self.configure()
        own = nice_in(pathlib.Path("/proc/self/stat").read_text())
        self.start()
        for name in ("compress", "io"):
            self.assertEqual(self.nice(name), {min(own + 10, 19)}, name)
            self.assertEqual(self.io(name), {"best-effort: prio 7"}, name)
        for name in ("snapshotterd", "catalog"):
            self.assertEqual(self.nice(name), {own}, name)
            self.assertNotIn("best-effort: prio 7", self.io(name), name)

    def test_a_reload_changes_priorities_and_the_number_of_workers(self):
        self.configure(daemon={"workers": 2, "nice": 3, "io_priority": "idle"})
        own = nice_in(pathlib.Path("/proc/self/stat").read_text())
        self.start()
        self.assertEqual(self.nice("compress"), {min(own + 3, 19)})
        self.assertEqual(self.io("io"), {"idle"})
        self.assertEqual(len(self.threads("compress")), 2)

        self.reload(daemon={"workers": 5, "nice": 12, "io_priority": "best-effort:2", "max_concurrent_runs": 4})
        self.assertEqual(len(self.threads("compress")), 5)
        self.assertEqual(len(self.threads("io")), 6)
        for name in ("compress", "io"):
            self.assertEqual(self.nice(name), {min(own + 12, 19)}, name)
            self.assertEqual(self.io(name), {"best-effort: prio 2"}, name)

        self.reload(daemon={"workers": 1, "nice": 12})
        wait_for(lambda: len(self.threads("compress")) == 1, "a single worker")
        self.run_job()
        self.assertNotIn("refuses", self.log())

    def test_workers_change_under_a_run(self):
        self.write_random("noise", 30 * MIB)
        slow = {"local": {"type": "directory", "path": str(self.backups), "bandwidth": "4MiB"}}
        self.configure(stores=slow, daemon={"workers": 3})
        self.start()
        run = self.trigger()
        for workers in (1, 4, 2):
            self.reload(stores=slow, daemon={"workers": workers})
            wait_for(lambda: len(self.threads("compress")) == workers, f"{workers} workers")
        self.assertEqual(self.describe(run)["state"], "running")
        self.reload(daemon={"workers": 2})
        self.assertEqual(self.wait_run(run)["state"], "succeeded")

    def test_programs_of_targets_have_the_workers_priority(self):
        self.configure(daemon={"nice": 7},
                       targets={"files": {"type": "command", "argv": ["cat", "/proc/self/stat"]}})
        own = nice_in(pathlib.Path("/proc/self/stat").read_text())
        self.start()
        self.run_job()
        with tarfile.open(self.archives()[0]) as archive:
            member = archive.extractfile(archive.getmembers()[0]).read().decode()
        self.assertEqual(nice_in(member), min(own + 7, 19))

    def test_what_the_kernel_refuses_is_a_warning(self):
        if subprocess.run(["setpriv", "--bounding-set=-sys_nice", "true"], check=False).returncode != 0:
            self.skipTest("only root can give the right up")
        self.configure(daemon={"nice": 9})
        self.start(prefix=("prlimit", "--nice=0:0", "setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice"))
        nice = self.nice("compress")
        self.assertNotIn("daemon.nice", self.log())
        self.reload(daemon={"nice": 2})
        self.assertEqual(self.nice("compress"), nice)
        self.assertEqual(len(re.findall("the system refuses daemon.nice 2 .*LimitNICE=", self.log())), 1, self.log())
        self.run_job()

    # -- bandwidths

    def limited(self, store=None, target=None):
        """A configuration with these limits; random files, so that bytes read are bytes stored."""
        return {
            "stores": {"local": {"type": "directory", "path": str(self.backups),
                                 **({"bandwidth": store} if store else {})}},
            "targets": {"files": {"type": "filesystem", "paths": [str(self.source)],
                                  **({"bandwidth": target} if target else {})}},
        }

    def wait_for_bytes(self, run):
        wait_for(lambda: self.describe(run)["progress"]["bytes_read"] > 0, "bytes of the target")

    def test_a_run_takes_no_more_than_is_allowed(self):
        self.write_random("noise", 8 * MIB)
        # 8 MiB written and 8 MiB read back, less what may pass at once; there is no telling how much longer it takes.
        for limits, least in (({"store": "8MiB/s"}, 1.5), ({"target": "4MiB"}, 1.5)):
            self.configure(**self.limited(**limits))
            if self.daemon is None:
                self.start()
            else:
                self.call("Reload")
            self.assertGreater(duration(self.run_job()), least, limits)

    def test_verification_takes_no_more_than_is_allowed(self):
        self.write_random("noise", 8 * MIB)
        self.configure()
        self.start()
        self.run_job()
        self.reload(**self.limited(store="4MiB"))
        self.ctl("verify", "--all")
        verified = next(r for r in self.runs() if r["kind"] == "verify")
        self.assertEqual(verified["state"], "succeeded")
        self.assertGreater(duration(verified), 1.5)

    def test_a_reload_lifts_the_limit_in_the_middle_of_a_run(self):
        self.write_random("noise", 32 * MIB)
        for limits in ({"store": "128KiB"}, {"target": "128KiB"}):  # more than four minutes
            self.configure(**self.limited(**limits))
            if self.daemon is None:
                self.start()
            else:
                self.call("Reload")
            run = self.trigger()
            self.wait_for_bytes(run)
            self.assertEqual(self.describe(run)["state"], "running")
            self.reload(**self.limited())
            self.assertEqual(self.wait_run(run)["state"], "succeeded")

    def test_a_run_that_waits_for_bandwidth_can_be_cancelled(self):
        self.write_random("noise", 32 * MIB)
        self.configure(**self.limited(target="64KiB"))
        self.start()
        run = self.trigger()
        self.wait_for_bytes(run)
        self.call("CancelRun", "s", run)
        self.assertEqual(self.wait_run(run)["state"], "cancelled")
        self.assertEqual(self.unfinished(), [])
        self.assertEqual(self.archives(), [])

    def test_a_daemon_whose_run_waits_for_bandwidth_can_be_stopped(self):
        self.write_random("noise", 32 * MIB)
        self.configure(**self.limited(store="64KiB"))
        self.start()
        run = self.trigger()
        self.wait_for_bytes(run)
        self.assertEqual(self.stop(), 0)
        self.assertEqual(self.unfinished(), [])


def nice_in(stat):
    """Of proc_pid_stat(5); the name before it may hold blanks."""
    return int(stat.rpartition(")")[2].split()[16])


def duration(record):
    started, finished = (datetime.datetime.fromisoformat(record[key].replace("Z", "+00:00"))
                         for key in ("started_at", "finished_at"))
    return (finished - started).total_seconds()


if __name__ == "__main__":
    unittest.main()
