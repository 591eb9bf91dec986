"""A private Docker Engine: its own data, socket and containerd; no bridge, no packet filter."""
import sys
import pathlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from engine import Engine  # noqa: E402


class Docker(Engine):
    image = "postgres:test"

    def command(self):
        return ["docker", "-H", self.url]

    def start(self):
        self.launch()
        self.import_image()

    def launch(self):
        """Also after kill(): containerd dies with dockerd, but where nobody reaps it, its number stays taken."""
        (self.folder / "daemon.json").write_text("{}")
        (self.folder / "docker.pid").unlink(missing_ok=True)
        (self.folder / "exec/containerd/containerd.pid").unlink(missing_ok=True)
        self.spawn(["dockerd", "--config-file", str(self.folder / "daemon.json"), "--iptables=false",
                    "--ip6tables=false", "--bridge=none", "-H", self.url, "--data-root", str(self.folder / "data"),
                    "--exec-root", str(self.folder / "exec"), "--pidfile", str(self.folder / "docker.pid")])
        self.wait_ready()

    def stop(self):
        try:
            if self.daemon and self.daemon.poll() is not None:
                self.launch()  # only the engine ends its containers properly
            if self.daemon:
                for container in self.run("ps", "-aq").split():
                    self.run("rm", "-fv", container, check=False)
        finally:
            self.end_daemon()
            self.end_processes()
            self.unmount()
