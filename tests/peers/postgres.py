#!/usr/bin/env python3
"""A PostgreSQL server of the test's own, in a folder of its own.

From Python:        server = Postgres(folder); server.start(); …; server.destroy()
From anything else: postgres.py start FOLDER | stop FOLDER | psql FOLDER DATABASE SQL

As root it runs as the system user postgres, as PostgreSQL demands. Its socket is in the folder: whoever may enter it
logs in without a password. With tcp it also listens on a free port of 127.0.0.1, for passwords (scram) only.
"""
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import sys


def programs():
    """The folder of the newest installed server."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if not found:
        raise RuntimeError("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1].parent


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Postgres:
    def __init__(self, folder, tcp=False, settings=None):
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.log_path = self.folder / "log"
        self.tcp = tcp
        # Without TCP the port is but a part of the socket's name.
        self.port = 5432
        self.settings = {"fsync": "off", "shared_buffers": "16MB", "max_connections": "30", "autovacuum": "off",
                         **(settings or {})}

    # -- the server

    def run_as_owner(self, *arguments, **options):
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            options |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        return subprocess.run([str(a) for a in arguments], cwd="/", check=True, text=True, capture_output=True,
                              env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, **options)

    def create(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        self.run_as_owner(programs() / "initdb", "--no-sync", "-D", self.data, "-E", "UTF8", "--locale=C.UTF-8",
                          "-U", "postgres", "-A", "trust")
        (self.data / "pg_hba.conf").write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")

    def start(self):
        if not self.data.exists():
            self.create()
        for attempt in range(5):  # somebody else may take the free port first
            if self.tcp and (attempt > 0 or self.port == 5432):
                self.port = free_port()
            try:
                self.run_as_owner(programs() / "pg_ctl", "-D", self.data, "-w", "-s", "-l", self.log_path, "-o",
                                  self.options(), "start")
                return self
            except subprocess.CalledProcessError:
                if not self.tcp or attempt == 4:
                    raise RuntimeError(self.log_path.read_text()) from None
        return self

    def options(self):
        listen = "127.0.0.1" if self.tcp else ""
        settings = {**self.settings, "listen_addresses": f"'{listen}'", "port": self.port,
                    "unix_socket_directories": self.folder}
        return " ".join(f"-c {key}={value}" for key, value in settings.items())

    def stop(self, mode="fast"):
        self.run_as_owner(programs() / "pg_ctl", "-D", self.data, "-w", "-s", "-m", mode, "stop")

    def running(self):
        return (self.data / "postmaster.pid").exists()

    def destroy(self):
        if self.running():
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- its clients

    def environment(self):
        return {**os.environ, "PGHOST": str(self.folder), "PGPORT": str(self.port), "PGUSER": "postgres",
                "LC_ALL": "C.UTF-8"}

    def client(self, program, *arguments, **options):
        done = subprocess.run([str(programs() / program), *map(str, arguments)], env=self.environment(),
                              capture_output=True, text=True, **options)
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stderr}")
        return done.stdout

    def psql(self, sql, database="postgres"):
        return self.client("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", connection_to(database),
                           input=sql)

    def value(self, sql, database="postgres"):
        return self.psql(sql, database).strip()


def connection_to(database):
    quoted = database.replace("\\", "\\\\").replace("'", "\\'")
    return f"dbname='{quoted}'"


def main(verb, folder, *more):
    server = Postgres(folder)
    if verb == "start":
        server.start()
    elif verb == "stop":
        server.stop("immediate")
    elif verb == "psql":
        print(server.psql(more[1], more[0]), end="")
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])
