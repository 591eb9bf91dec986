"""A real Prometheus on a port of its own, with blocks that promtool made.

    server = Prometheus(folder)            # folder/data is its database, empty
    server.add_blocks()                    # three blocks of two hours, the newest ends before now
    server.start()                         # returns when it is ready
    server.query("count(m0)", at)          # as its API answers
    server.stop()
"""
import base64
import json
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

TWO_HOURS = 7200
LIMIT = 60.0

# "secret", as htpasswd -nbB writes it.
PASSWORD = "secret"
PASSWORD_HASH = "$2b$04$CcMbEFZdI3wX0x2G7wkq..NZJDpaLuF53tLS/fxvbDMjBgpF1emAa"


def make_blocks(folder, count=3, series=50, step=15):
    """Blocks of whole two hours, one after the other, the newest before now. Returns the time of the first sample."""
    end = int(time.time()) // TWO_HOURS * TWO_HOURS
    start = end - count * TWO_HOURS
    with tempfile.NamedTemporaryFile("w") as file:
        for metric in range(2):
            file.write(f"# TYPE m{metric} gauge\n")
            for number in range(series):
                for at in range(start, end, step):
                    value = (at * (number + 7919) * 104729 % 1000003) / 7
                    file.write(f'm{metric}{{host="h{number}"}} {value!r} {at}\n')
        file.write("# EOF\n")
        file.flush()
        subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", "-q", file.name, str(folder)],
                       check=True, stdout=subprocess.DEVNULL)
    return start


def list_blocks(folder):
    """What promtool says of a database: {ulid: {...}}."""
    lines = subprocess.run(["promtool", "tsdb", "list", str(folder)], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    blocks = {}
    for line in lines[1:]:
        ulid, min_time, max_time, _, samples, chunks, series, size = line.split()
        blocks[ulid] = {"min_time": int(min_time), "max_time": int(max_time), "samples": int(samples),
                        "chunks": int(chunks), "series": int(series)}
    return blocks


class Prometheus:
    def __init__(self, folder, data=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data = pathlib.Path(data) if data else self.folder / "data"
        self.data.mkdir(exist_ok=True)
        self.web = {}            # the web.config.file
        self.scrape = False      # itself, every second: so that it has a head
        self.process = None
        self.port = None
        self.first_sample = None

    def add_blocks(self, **options):
        self.first_sample = make_blocks(self.data, **options)

    # -- how it can be asked

    def protect_with_password(self):
        self.web["basic_auth_users"] = {"backup": PASSWORD_HASH}

    def protect_with_tls(self):
        """A certificate of its own for localhost; returns the file to trust."""
        certificate, key = self.folder / "cert.pem", self.folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                        "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
        self.web["tls_server_config"] = {"cert_file": str(certificate), "key_file": str(key)}
        return certificate

    @property
    def url(self):
        secure = "tls_server_config" in self.web
        return f"https://localhost:{self.port}" if secure else f"http://127.0.0.1:{self.port}"

    def open(self, path, method="GET"):
        context = ssl.create_default_context(cafile=str(self.folder / "cert.pem")) \
            if self.url.startswith("https") else None
        request = urllib.request.Request(self.url + path, method=method)
        if "basic_auth_users" in self.web:
            token = base64.b64encode(f"backup:{PASSWORD}".encode()).decode()
            request.add_header("Authorization", f"Basic {token}")
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:
            return answer.read()

    def get(self, path, **parameters):
        answer = json.loads(self.open(path + "?" + urllib.parse.urlencode(parameters)))
        assert answer["status"] == "success", answer
        return answer["data"]

    @staticmethod
    def ordered(data):
        return sorted(data["result"], key=lambda it: sorted(it["metric"].items()))

    def query(self, expression, at):
        return self.ordered(self.get("/api/v1/query", query=expression, time=at))

    def query_range(self, expression, start, end, step=60):
        return self.ordered(self.get("/api/v1/query_range", query=expression, start=start, end=end, step=step))

    def snapshot(self):
        """One of somebody else's."""
        return json.loads(self.open("/api/v1/admin/tsdb/snapshot", "POST"))["data"]["name"]

    def snapshots(self):
        folder = self.data / "snapshots"
        return sorted(p.name for p in folder.iterdir()) if folder.exists() else []

    # -- its life

    def start(self, admin=True):
        for _ in range(5):  # somebody may take the port between asking for it and using it
            if self.try_start(admin):
                return self
        raise AssertionError(f"Prometheus does not start:\n{(self.folder / 'log').read_text()}")

    def try_start(self, admin):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        jobs = [{"job_name": "self", "static_configs": [{"targets": [f"127.0.0.1:{self.port}"]}]}] if self.scrape else []
        # JSON is YAML.
        (self.folder / "prometheus.yml").write_text(json.dumps({"global": {"scrape_interval": "1s"},
                                                                "scrape_configs": jobs}))
        (self.folder / "web.yml").write_text(json.dumps(self.web))
        arguments = [f"--config.file={self.folder}/prometheus.yml", f"--web.config.file={self.folder}/web.yml",
                     f"--storage.tsdb.path={self.data}", "--storage.tsdb.retention.time=100y",
                     # No compaction: the blocks stay what they are.
                     "--storage.tsdb.min-block-duration=2h", "--storage.tsdb.max-block-duration=2h",
                     f"--web.listen-address=127.0.0.1:{self.port}"]
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(["prometheus", *arguments, *(["--web.enable-admin-api"] if admin else [])],
                                            stdout=log, stderr=log)
        end = time.monotonic() + LIMIT
        while self.process.poll() is None and time.monotonic() < end:
            try:
                self.open("/-/ready")
                return True
            except OSError:
                time.sleep(0.02)
        self.stop()
        return False

    def wait_for_head(self):
        """Until it has scraped itself; returns a time at which there are samples."""
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            now = time.time()
            if self.query("prometheus_build_info", now):
                return now
            time.sleep(0.05)
        raise AssertionError("Prometheus does not scrape itself")

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
