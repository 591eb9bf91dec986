"""A private podman behind its Docker-compatible socket."""
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from engine import Engine  # noqa: E402

# Without systemd: cgroupfs and files. Limits that also a container may set; runc takes mixed cgroup mounts.
CONFIGURATION = """[engine]
cgroup_manager="cgroupfs"
events_logger="file"
runtime="runc"
tmp_dir="{folder}/tmp"
[containers]
default_ulimits=["nofile=10000:10000","nproc=10000:10000"]
log_driver="k8s-file"
"""


class Podman(Engine):
    image = "localhost/postgres:test"

    def command(self):
        return ["podman", "--root", f"{self.folder}/root", "--runroot", f"{self.folder}/runroot",
                "--storage-driver", "overlay"]

    def environment(self):
        return {**os.environ, "CONTAINERS_CONF": f"{self.folder}/containers.conf"}

    def start(self):
        (self.folder / "containers.conf").write_text(CONFIGURATION.format(folder=self.folder))
        self.spawn([*self.command(), "system", "service", "--time=0", self.url])
        self.wait_ready()
        self.import_image()

    def stop(self):
        try:
            if self.daemon:
                self.run("rm", "-f", "-t", "0", "-a", check=False)
        finally:
            self.end_daemon()
            self.end_processes()
            self.unmount()
