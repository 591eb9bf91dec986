#!/usr/bin/env python3
"""What a database next door feels of a backup: pgbench alone, and beside a backup that goes on all the time, as it
comes (no nice value), with the daemon's defaults, with the weight that its unit has, and with a bandwidth."""
import argparse
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading

import machine
import report
from compare import BUILD
from contenders import BIN
from scratch import main, scratch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "peers"))
from postgres import Postgres  # noqa: E402

WORKLOADS = {"select-only": "one SELECT by key, all from memory",
             "simple-update": "an UPDATE, a SELECT and an INSERT, committed to disk"}
# CPUWeight=20 where others have 100: a fifth; each step of nice is a factor of 1.25.
AUTOGROUP, AUTOGROUP_NICE = pathlib.Path("/proc/self/autogroup"), 7
BASELINE = "alone"


def cases(bandwidth):
    """Of the configuration: the daemon's section, a bandwidth, whether in a group of little weight; None: no backup."""
    usual = {"nice": 10, "io_priority": "best-effort:7"}
    found = {BASELINE: None, "nice 0": ({"nice": 0, "io_priority": "best-effort"}, None, False),
             "defaults": (usual, None, False)}
    if AUTOGROUP.exists():
        found["defaults, weight of the unit"] = (usual, None, True)
    found[f"defaults, bandwidth {bandwidth}"] = (usual, bandwidth, False)
    return found


def arguments():
    parser = argparse.ArgumentParser(prog="run.sh neighbour", description=__doc__)
    parser.add_argument("--seconds", type=int, default=20, help="how long each measurement takes (20)")
    parser.add_argument("--clients", type=int, default=2, help="of pgbench (2)")
    parser.add_argument("--scale", type=int, default=10, help="of pgbench's tables, 16 MB each (10)")
    parser.add_argument("--tree", default="/usr", help="what is backed up, again and again (/usr)")
    parser.add_argument("--bandwidth", default="20MiB", help="of the last case, for target and store (20MiB)")
    parser.add_argument("--out", default=BUILD / "results", help="where the report goes (build/bench/results)")
    parser.add_argument("--scratch", default=BUILD, help="where all else goes until the end (build/bench)")
    options = parser.parse_args()
    if options.seconds < 1 or options.clients < 1 or options.scale < 1:
        parser.error("--seconds, --clients and --scale are at least 1")
    return options


class Backups(threading.Thread):
    """`snapshotterd --run`, again and again, in a session of its own as a service is."""

    def __init__(self, folder, tree, daemon, bandwidth, light):
        super().__init__()
        self.light = light
        self.lock = threading.Lock()
        self.process, self.ending, self.began = None, False, threading.Event()
        self.config, self.log = folder / "snapshotterd.yaml", folder / "log"
        limit = {"bandwidth": bandwidth} if bandwidth else {}
        self.config.write_text(json.dumps({
            "daemon": {"state_dir": str(folder / "state"), **daemon},
            "stores": {"s": {"type": "directory", "path": str(folder / "store"), **limit}},
            "targets": {"t": {"type": "filesystem", "paths": [str(tree)], "tolerate": {"missing": 1_000_000}, **limit}},
            "jobs": {"j": {"targets": ["t"], "retention": {"keep_last": 1}}}}))

    def session(self):
        os.setsid()
        if self.light:
            AUTOGROUP.write_text(str(AUTOGROUP_NICE))

    def run(self):
        while True:
            with self.lock, open(self.log, "ab") as log:
                if self.ending:
                    return
                self.process = subprocess.Popen([BIN / "snapshotterd", "--config", self.config, "--run", "j"],
                                                stdout=log, stderr=log, preexec_fn=self.session)
            self.began.set()
            self.process.wait()

    def end(self):
        with self.lock:
            self.ending = True
            if self.process:
                self.process.send_signal(signal.SIGTERM)
        self.join()


@contextlib.contextmanager
def beside(folder, tree, case):
    if case is None:
        yield
        return
    folder.mkdir()
    backups = Backups(folder, tree, *case)
    backups.start()
    try:
        backups.began.wait()
        yield
        if backups.process.poll() not in (None, 0, 3):  # 3: files that changed
            raise OSError(f"the backup failed:\n{backups.log.read_text()}")
    finally:
        backups.end()


def pgbench(server, folder, workload, options):
    """Transactions a second, and latencies in ms, of every transaction."""
    log = folder / "transactions"
    server.client("pgbench", "-n", "-b", workload, "-c", options.clients, "-T", options.seconds, "--log",
                  f"--log-prefix={log}", "postgres")
    times = []
    for path in folder.glob("transactions.*"):
        times += [int(line.split()[2]) / 1000 for line in path.read_text().splitlines()]
        path.unlink()
    times.sort()
    return {"tps": len(times) / options.seconds, "average": sum(times) / len(times), "p95": quantile(times, 0.95),
            "p99": quantile(times, 0.99)}


def quantile(times, share):
    return times[min(int(len(times) * share), len(times) - 1)]


def measure_all(options, folder):
    server = Postgres(folder / "postgres", settings={"fsync": "on", "shared_buffers": "256MB"})
    try:
        server.start()
        server.client("pgbench", "-i", "-q", "-s", options.scale, "postgres")
        for workload in WORKLOADS:
            for number, (name, case) in enumerate(cases(options.bandwidth).items()):
                print(f"{workload}: {name}", file=sys.stderr, flush=True)
                with beside(folder / f"{workload}-{number}", options.tree, case):
                    yield {"workload": workload, "case": name, **pgbench(server, folder, workload, options)}
    finally:
        server.destroy()


def with_ratios(rows):
    for row in rows:
        base = next(r for r in rows if r["workload"] == row["workload"] and r["case"] == BASELINE)
        row["tps_ratio"], row["p99_ratio"] = row["tps"] / base["tps"], row["p99"] / base["p99"]
    return rows


def markdown(result):
    parts = [machine.describe(result["machine"]),
             f"pgbench with {result['clients']} clients, {result['seconds']} s each, beside backups of {result['tree']}."]
    if result["autogroup"]:
        parts.append("The kernel schedules session by session here (autogroup): nice values count only within the daemon, "
                     "as they do under systemd, where the unit's CPUWeight= counts between services.")
    for workload, about in WORKLOADS.items():
        rows = [[r["case"], f"{r['tps']:,.0f}", f"{r['average']:.2f}", f"{r['p95']:.2f}", f"{r['p99']:.2f}",
                 f"{r['tps_ratio']:.2f}", f"{r['p99_ratio']:.2f}"] for r in result["rows"] if r["workload"] == workload]
        header = [f"**{workload}**", "TPS", "average ms", "p95 ms", "p99 ms", "TPS ×", "p99 ×"]
        parts.append(f"{workload}: {about}\n\n{report.table(header, rows)}")
    return "\n\n".join(parts) + "\n"


def run():
    options = arguments()
    autogroup = pathlib.Path("/proc/sys/kernel/sched_autogroup_enabled")
    with scratch(options.scratch) as folder:
        folder.chmod(0o755)  # PostgreSQL's user goes through
        facts = machine.machine(folder)
        result = {"machine": facts, "clients": options.clients, "seconds": options.seconds, "tree": options.tree,
                  "autogroup": autogroup.exists() and autogroup.read_text().strip() == "1",
                  "rows": with_ratios(list(measure_all(options, folder)))}
    report.write(result, markdown(result), options.out, "neighbour")
    return 0


if __name__ == "__main__":
    main(run)
