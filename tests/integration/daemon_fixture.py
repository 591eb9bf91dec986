"""The real snapshotterd on a bus of its own, in a folder of its own.

Nothing here sleeps for a fixed time: what is waited for is asked for until it is there, up to a limit that
only a broken daemon reaches.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "peers"))
from waiting import LIMIT, wait_for  # noqa: E402,F401

BIN = pathlib.Path(os.environ.get("SNAPSHOTTER_BIN", "build/bin")).resolve()
NAME = "org.snapshotter1"
ROOT = "/org/snapshotter1"
MANAGER = "org.snapshotter1.Manager"

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy></busconfig>
"""


class NotifySocket:
    """What a service tells its manager, line by line. Read at once, as systemd does: a socket that nobody reads
    makes sd_notify() wait."""

    def __init__(self, path):
        self.path = path
        self.lines = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        while True:
            message = self.socket.recv(65536)
            if message == b"close":
                return
            self.lines += message.decode().splitlines()

    def close(self):
        self.socket.connect(str(self.path))
        self.socket.send(b"close")
        self.reader.join()
        self.socket.close()

    def wait(self, line):
        wait_for(lambda: line in self.lines, f"{line} in {self.lines}")


class DaemonTest(unittest.TestCase):
    """Each test gets a folder, a bus, and starts daemons on them."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="snapshotter-it-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.folder.chmod(0o755)
        self.source = self.folder / "source"
        self.source.mkdir()
        self.backups = self.folder / "backups"
        self.state = self.folder / "state"
        self.config_path = self.folder / "snapshotterd.yaml"
        self.address = f"unix:path={self.folder}/bus"
        self.environment = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": self.address, "LC_ALL": "C",
                            "COLUMNS": "200"}
        self.daemon = None
        self.log_path = self.folder / "log"
        self.notify = NotifySocket(self.folder / "notify")
        self.addCleanup(self.notify.close)
        self.start_bus()

    def start_bus(self):
        config = self.folder / "bus.conf"
        config.write_text(BUS_CONFIG.format(path=self.folder / "bus"))
        bus = subprocess.Popen(["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile"])
        self.addCleanup(self.end, bus)
        wait_for((self.folder / "bus").exists, "the bus")

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.wait()

    # -- configuration

    def configure(self, jobs=None, targets=None, stores=None, daemon=None, **more):
        """Writes a configuration; JSON is YAML. Without arguments: one job `nightly` over source/."""
        document = {
            "daemon": {"state_dir": str(self.state), "timezone": "UTC", **(daemon or {})},
            "stores": stores or {"local": {"type": "directory", "path": str(self.backups)}},
            "targets": targets or {"files": {"type": "filesystem", "paths": [str(self.source)]}},
            "jobs": jobs or {"nightly": {"targets": ["files"], "store": "local"}},
            **more,
        }
        self.config_path.write_text(json.dumps(document, indent=1))
        self.config_path.chmod(0o644)

    # -- the daemon

    def spawn(self, *arguments, prefix=()):
        with open(self.log_path, "ab") as log:
            return subprocess.Popen(
                [*prefix, str(BIN / "snapshotterd"), "--config", str(self.config_path), *arguments],
                stderr=log, env={**self.environment, "NOTIFY_SOCKET": str(self.notify.path),
                                 **getattr(self, "extra_environment", {})})

    def start(self, *arguments, prefix=()):
        self.notify.lines.clear()
        self.daemon = self.spawn("--bus", "session", *arguments, prefix=prefix)
        self.addCleanup(self.end, self.daemon)
        daemon = self.daemon

        def ready():
            if daemon.poll() is not None:
                raise AssertionError(f"the daemon ended with {daemon.returncode}:\n{self.log()}")
            return "READY=1" in self.notify.lines

        wait_for(ready, "READY=1")
        return daemon

    def stop(self, number=signal.SIGTERM, limit=LIMIT):
        self.daemon.send_signal(number)
        return self.daemon.wait(limit)

    def log(self):
        return self.log_path.read_text() if self.log_path.exists() else ""

    # -- clients

    def command(self, *arguments, check=None, **options):
        done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True,
                              env=self.environment, timeout=LIMIT, **options)
        if check is not None:
            self.assertEqual(done.returncode, check,
                             f"{arguments}\n{done.stdout}\n{done.stderr}\n{self.log()}")
        return done

    def ctl(self, *arguments, check=0, **options):
        return self.command(BIN / "snapshotctl", "--bus", "session", *arguments, check=check, **options)

    def ctl_json(self, *arguments, check=0):
        return json.loads(self.ctl(*arguments, "--json", check=check).stdout)

    def busctl(self, *arguments, check=0):
        return self.command("busctl", f"--address={self.address}", *arguments, check=check)

    def call(self, method, *arguments, check=0):
        return self.busctl("call", NAME, ROOT, MANAGER, method, *arguments, check=check)

    def call_json(self, method, *arguments):
        return json.loads(self.busctl("--json=short", "call", NAME, ROOT, MANAGER, method,
                                      *arguments).stdout)["data"]

    def describe(self, run):
        return json.loads(self.call_json("DescribeRun", "s", run)[0])

    def trigger(self, job="nightly"):
        """Queues a run over the bus, as anybody would; returns its id."""
        known = {run["id"] for run in self.runs()}
        self.call("TriggerRun", "s", job)
        return wait_for(lambda: next((r["id"] for r in self.runs() if r["id"] not in known), None),
                        "the new run")

    def runs(self):
        return json.loads(self.call_json("DescribeRuns", "a{sv}", "0")[0])

    def wait_run(self, run, limit=LIMIT):
        final = ("succeeded", "partial", "failed", "cancelled", "interrupted")

        def ended():
            record = self.describe(run)
            return record if record["state"] in final else None

        return wait_for(ended, f"the end of run {run}", limit)

    def run_job(self, job="nightly", state="succeeded", limit=LIMIT):
        record = self.wait_run(self.trigger(job), limit)
        self.assertEqual(record["state"], state, record)
        return record

    # -- what is on disk

    def stored(self):
        """All files in the store. Folders may go while this looks, which rglob() takes for an error."""
        return [pathlib.Path(folder, name) for folder, _, names in os.walk(self.backups) for name in names]

    def archives(self):
        return sorted(p for p in self.stored() if re.search(r"\.tar\.(gz|zst)$", p.name)
                      and not p.name.startswith("."))

    def unfinished(self):
        return [p for p in self.stored() if p.name.startswith(".")]

    def write_random(self, name, size):
        path = self.source / name
        with open(path, "wb") as file, open("/dev/urandom", "rb") as random:
            left = size
            while left > 0:
                left -= file.write(random.read(min(left, 1 << 20)))
        return path

    def mount_tmpfs(self, path, options):
        path.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", str(path)], check=False)
