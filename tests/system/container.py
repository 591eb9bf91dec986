"""A Debian with a real systemd as PID 1, booted in a container for a test.

systemd-nspawn boots a root file system (root.sh makes and keeps it) in about a second, on any host, also one
whose own PID 1 is no systemd. What a test changes goes into an overlay of its own, which stays over a reboot
and is thrown away in the end.
"""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "peers"))
from waiting import LIMIT, wait_for  # noqa: E402

CGROUP = pathlib.Path("/sys/fs/cgroup")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Container:
    def __init__(self, root):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="snapshotter-system-"))
        self.name = f"snp{os.getpid()}"
        # The upper layer must not lie on an overlay itself, as /tmp of a container may.
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4G,mode=0755", "tmpfs", str(self.folder)], check=True)
        for name in ("upper", "work", "merged"):
            (self.folder / name).mkdir()
        layers = f"lowerdir={root},upperdir={self.folder}/upper,workdir={self.folder}/work"
        subprocess.run(["mount", "-t", "overlay", "-o", layers, "overlay", str(self.folder / "merged")], check=True)
        self.root = self.folder / "merged"
        self.process = None
        self.leader = None

    # -- life

    def cgroups(self):
        """systemd-nspawn needs a control group to itself, in each hierarchy that a systemd would use."""
        if (CGROUP / "cgroup.procs").exists():
            return [CGROUP / self.name]
        return [CGROUP / h / self.name for h in ("unified", "systemd") if (CGROUP / h).is_dir()]

    def enter_cgroup(self):
        for group in self.cgroups():
            group.mkdir(exist_ok=True)
            (group / "cgroup.procs").write_text(str(os.getpid()))

    def boot(self):
        command = ["systemd-nspawn", "--boot", "--register=no", "--keep-unit", "--private-network",
                   "--capability=CAP_BPF", "--system-call-filter=bpf", "--kill-signal=SIGRTMIN+3",
                   "--console=pipe", "-M", self.name, "-D", str(self.root)]
        self.console = open(self.folder / "console", "ab")
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self.console, stderr=self.console,
            preexec_fn=self.enter_cgroup, start_new_session=True,
            env={"PATH": PATH, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1", "LANG": "C.UTF-8"})
        self.leader = wait_for(self.find_leader, "the container's first process")
        wait_for(lambda: self.enter("test", "-S", "/run/dbus/system_bus_socket").returncode == 0, "the system bus")
        self.enter("ip", "link", "set", "lo", "up")
        state = self.enter("systemctl", "is-system-running", "--wait").stdout.strip()
        assert state in ("running", "degraded"), f"{state}\n{self.console_text()}"

    def find_leader(self):
        assert self.process.poll() is None, self.console_text()
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for child in children:
            try:
                status = pathlib.Path(f"/proc/{child}/status").read_text()
            except OSError:
                continue
            pids = next((line.split() for line in status.splitlines() if line.startswith("NSpid:")), [])
            if len(pids) > 2 and pids[-1] == "1":
                return child
        return None

    def console_text(self):
        return (self.folder / "console").read_text(errors="replace")[-4000:]

    def power_off(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.enter("systemctl", "poweroff")
        try:
            self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.console.close()
        self.remove_cgroups()

    def reboot(self):
        self.power_off()
        self.boot()

    def remove_cgroups(self):
        for group in self.cgroups():
            for path, _, _ in os.walk(group, topdown=False):
                try:
                    os.rmdir(path)
                except OSError:
                    pass

    def close(self):
        self.power_off()
        for mount in (self.root, self.folder):
            subprocess.run(["umount", "-l", str(mount)], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- what happens inside

    def enter(self, *command, **options):
        """A program among the container's processes, as root; quick, but no unit of its systemd."""
        return subprocess.run(["nsenter", "-t", self.leader, "-m", "-u", "-i", "-n", "-p", "-C", "env", "-i",
                               f"PATH={PATH}", "LANG=C.UTF-8", "HOME=/root", *map(str, command)],
                              capture_output=True, text=True, timeout=LIMIT * 4, **options)

    def run(self, *command, check=0, **options):
        """The same, whose exit status must be `check` unless that is None."""
        done = self.enter(*command, **options)
        if check is not None and done.returncode != check:
            raise AssertionError(f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}\n"
                                 f"{self.journal()}")
        return done

    def shell(self, script, **options):
        return self.run("bash", "-euc", script, **options)

    def as_user(self, user, *command, **options):
        """As a user with their groups, on a connection of their own to the bus."""
        return self.run("runuser", "-u", user, "--", *command, **options)

    def write(self, path, text, mode=0o644):
        self.run("bash", "-c", 'mkdir -p "$(dirname "$1")"; cat >"$1"; chmod "$2" "$1"', "sh", path, oct(mode)[2:],
                 input=text)

    def read(self, path):
        return self.run("cat", path).stdout

    def put(self, source, path):
        """A file of the host, copied into the root file system."""
        target = self.root / str(path).lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)

    def journal(self, *arguments):
        return self.enter("journalctl", "--no-pager", "-u", "snapshotterd", "-n", "50", *arguments).stdout

    def flood(self, user):
        return Flood(self, user)


class Flood:
    """A user who calls the service as often as they can, over one connection. Stopped, it tells how often."""
    PROGRAM = r"""
import os, select, socket, sys
# The few messages of D-Bus this needs, by hand: a login, Hello, and ListJobs again and again.
def string(text): return len(text).to_bytes(4, "little") + text.encode() + b"\0"
def aligned(data, to): return data + b"\0" * (-len(data) % to)
serial = 0
def call(destination, path, interface, member):
    global serial
    serial += 1
    fields = b""
    for code, kind, value in ((1, "o", path), (2, "s", interface), (3, "s", member), (6, "s", destination)):
        fields = aligned(fields, 8) + bytes([code, 1]) + kind.encode() + b"\0" + string(value)
    head = b"l\1\0\1" + (0).to_bytes(4, "little") + serial.to_bytes(4, "little")
    return aligned(head + len(fields).to_bytes(4, "little") + fields, 8)
bus = socket.socket(socket.AF_UNIX)
bus.connect("/run/dbus/system_bus_socket")
bus.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
bus.recv(4096)
bus.sendall(b"BEGIN\r\n" + call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello"))
answers = 0
def count():
    # Answers are counted by their bytes: each is an error of less than 256.
    global answers
    answers += len(bus.recv(1 << 20)) // 256
while not select.select([sys.stdin], [], [], 0)[0]:
    for _ in range(20):
        bus.sendall(call("org.snapshotter1", "/org/snapshotter1", "org.snapshotter1.Manager", "ListJobs"))
    while select.select([bus], [], [], 0.005)[0]:
        count()
print(answers)
"""

    def __init__(self, container, user):
        self.process = subprocess.Popen(
            ["nsenter", "-t", container.leader, "-m", "-u", "-i", "-n", "-p", "-C", "env", "-i", f"PATH={PATH}",
             "setpriv", f"--reuid={user}", "--regid=65534", "--clear-groups", "python3", "-c", self.PROGRAM],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def stop(self):
        out, _ = self.process.communicate("\n", timeout=LIMIT)
        return int(out.strip() or 0)
