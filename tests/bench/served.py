"""A snapshotterd on a bus of its own, for the benches of the service."""
import json
import os
import pathlib
import subprocess
import sys
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "integration"), str(TESTS / "peers")]
from contenders import BIN  # noqa: E402
from daemon_fixture import BUS_CONFIG, NotifySocket  # noqa: E402
from measure import Failed, end  # noqa: E402
from waiting import wait_for  # noqa: E402

WATCHDOG = 60  # seconds, as in the unit


class Served:
    """A folder with a bus and a configuration, and one daemon at a time. A context: all of it ends with it."""

    def __init__(self, folder, jobs, targets=None, daemon=None, store=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.source = self.folder / "source"
        self.source.mkdir()
        (self.source / "file").write_text("content\n" * 500)
        self.address = f"unix:path={self.folder}/bus"
        self.environment = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": self.address, "LC_ALL": "C.UTF-8",
                            "NOTIFY_SOCKET": str(self.folder / "notify"), "WATCHDOG_USEC": str(WATCHDOG * 1_000_000)}
        self.config = self.folder / "snapshotterd.yaml"
        self.config.write_text(json.dumps({
            "daemon": {"state_dir": str(self.folder / "state"), "timezone": "UTC", **(daemon or {})},
            "stores": {"local": {"type": "directory", "path": str(self.folder / "backups"), **(store or {})}},
            "targets": {"small": {"type": "filesystem", "paths": [str(self.source)]}, **(targets or {})},
            "jobs": jobs}, indent=1))
        self.config.chmod(0o600)
        self.processes = []
        self.daemon = None

    def __enter__(self):
        self.notify = NotifySocket(self.folder / "notify")
        config = self.folder / "bus.conf"
        config.write_text(BUS_CONFIG.format(path=self.folder / "bus"))
        self.processes.append(subprocess.Popen(["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile"],
                                               stderr=subprocess.DEVNULL))
        wait_for((self.folder / "bus").exists, "the bus")
        return self

    def __exit__(self, *_):
        end(list(reversed(self.processes)))
        self.notify.close()

    def start(self):
        """Seconds until READY=1."""
        self.notify.lines.clear()
        begin = time.monotonic()
        with open(self.folder / "log", "ab") as log:
            self.daemon = subprocess.Popen([str(BIN / "snapshotterd"), "--config", str(self.config), "--bus", "session"],
                                           stderr=log, env=self.environment)
        self.processes.append(self.daemon)
        while "READY=1" not in self.notify.lines:
            if self.daemon.poll() is not None:
                raise Failed(f"the daemon did not start:\n{self.log()}")
            time.sleep(0.001)
        return time.monotonic() - begin

    def stop(self):
        self.daemon.terminate()
        self.daemon.wait(60)

    def log(self):
        return (self.folder / "log").read_text(errors="replace")[-2000:]

    def ctl(self, *arguments, **options):
        return subprocess.run([str(BIN / "snapshotctl"), "--bus", "session", *arguments], env=self.environment,
                              check=True, capture_output=True, text=True, **options).stdout


def job(target="small", **more):
    return {"targets": [target], "store": "local", **more}


# -- what /proc tells of a process

def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wake_ups(pid):
    """How often its threads have waited for something, and been woken."""
    total = 0
    for status in pathlib.Path(f"/proc/{pid}/task").glob("*/status"):
        for line in status.read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                total += int(line.split()[1])
    return total


def memory(pid):
    """Bytes: resident, its proportional share of them, and those that no file holds."""
    rollup = {}
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split(":")
        rollup[name] = int(value.split()[0]) * 1024
    return rollup["Rss"], rollup["Pss"], rollup["Anonymous"]
