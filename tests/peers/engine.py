"""What the private container engines of the tests have in common."""
import pathlib
import os
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import postgres_image  # noqa: E402
from waiting import LIMIT, wait_for  # noqa: E402


class Engine:
    """An engine in a folder of its own, that it and all of its processes and mounts leave with stop()."""

    def __init__(self, folder, cache):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.cache = cache
        self.daemon = None
        self.socket = self.folder / "engine.sock"

    @property
    def url(self):
        return f"unix://{self.socket}"

    def command(self, *arguments):
        raise NotImplementedError

    def run(self, *arguments, check=True):
        done = subprocess.run([*self.command(), *arguments], capture_output=True, text=True, check=False,
                              env=self.environment(), timeout=LIMIT)
        if check and done.returncode:
            raise AssertionError(f"{arguments}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def environment(self):
        return dict(os.environ)

    def spawn(self, arguments):
        with open(self.folder / "daemon.log", "ab") as log:
            self.daemon = subprocess.Popen(arguments, stdout=log, stderr=log, env=self.environment())

    def wait_ready(self):
        def ready():
            if self.daemon.poll() is not None:
                raise AssertionError((self.folder / "daemon.log").read_text())
            return subprocess.run(["curl", "-sf", "--unix-socket", str(self.socket), "http://d/_ping"],
                                  capture_output=True, check=False).returncode == 0
        wait_for(ready, "the engine")

    def kill(self):
        """As a crash of the engine: its containers are left to themselves."""
        self.daemon.kill()
        self.daemon.wait()

    # -- PostgreSQL in containers

    def import_image(self):
        self.run("import", *postgres_image.changes(), str(postgres_image.root_tar(self.cache)), "postgres:test")

    def postgres(self, name):
        self.run("run", "-d", "--name", name, "--network", "none", "--stop-signal", "SIGINT", self.image)
        self.wait_postgres(name)

    def wait_postgres(self, name):
        wait_for(lambda: self.sql(name, "select 1", check=False) == "1", f"PostgreSQL in {name}")

    def sql(self, name, statement, check=True):
        return self.run("exec", name, "psql", "-X", "-q", "-At", "-d", "postgres", "-c", statement, check=check)

    def logs(self, name):
        done = subprocess.run([*self.command(), "logs", name], capture_output=True, text=True, check=True,
                              env=self.environment(), timeout=LIMIT)
        return done.stdout + done.stderr

    def dumps(self, name):
        """The processes of dumps in the container."""
        return [line for line in self.run("top", name).splitlines() if "pg_dump" in line]

    # -- the end

    def own_processes(self):
        """Those that have the folder in their command line, and no other's: shims, monitors."""
        found = []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                line = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if str(self.folder) in line and int(entry.name) != os.getpid():
                found.append(int(entry.name))
        return found

    def end_daemon(self):
        if self.daemon and self.daemon.poll() is None:
            self.daemon.terminate()
            try:
                self.daemon.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def end_processes(self):
        for pid in self.own_processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait_for(lambda: not self.own_processes(), "the end of the engine's processes", 10)

    def unmount(self):
        mounts = [line.split()[1] for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
        for mount in sorted((m for m in mounts if m.startswith(f"{self.folder}/")), reverse=True):
            subprocess.run(["umount", "-l", mount], check=False)
