"""How soon the daemon answers while its runs, and others, keep all cores busy."""
import contextlib
import os
import subprocess
import sys
import threading
import time

import report
import trees
from contenders import BIN
from measure import Failed, end
from served import Served, cpu_seconds, job

LOAD = BIN.parent / "tests" / "bus_load"
SMALL_JOBS = 50
PAUSE = {"GetId": 1000, "ListJobs": 1000, "TriggerRun": 5000}  # microseconds between two calls


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


class Again(threading.Thread):
    """Runs the big job over and over."""

    def __init__(self, served):
        super().__init__(daemon=True)
        self.served = served
        self.runs = 0
        self.stopping = False

    def run(self):
        while not self.stopping:
            self.served.ctl("run", "big", "--wait")
            self.runs += 1


@contextlib.contextmanager
def burning(count):
    """Processes that use all the CPU time they get."""
    burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        end(burners)


def call(served, method, count, jobs):
    done = subprocess.run([str(LOAD), served.address, method, str(count), str(PAUSE[method]), *jobs],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(done.stderr)
    answers = [line.split() for line in done.stdout.splitlines()]
    times = [int(micros) / 1000 for micros, _ in answers]
    return {"method": method, "calls": len(times), "refused": sum(error == "1" for _, error in answers),
            "p50": percentile(times, 0.5), "p99": percentile(times, 0.99), "max": max(times)}


def measure_under(load, served, options, small):
    cpu, begin = cpu_seconds(served.daemon.pid), time.monotonic()
    rows = [call(served, "GetId", options.calls, []), call(served, "ListJobs", options.calls, []),
            call(served, "TriggerRun", options.calls // 4, small)]
    busy = (cpu_seconds(served.daemon.pid) - cpu) / (time.monotonic() - begin)
    for row in rows:
        row.update(load=load, daemon_cores=busy)
        print(f"{load:12} {row['method']:10} p50 {row['p50']:.2f} p99 {row['p99']:.2f} max {row['max']:.2f} ms, "
              f"daemon on {busy:.1f} cores", flush=True)
    return rows


def run(options, folder):
    """ListJobs and TriggerRun, idle, during a backup, and beside processes that take all the CPU they get"""
    if not LOAD.exists():
        raise Failed(f"{LOAD} is not built: cmake --preset default -DSNAPSHOTTER_BENCH=ON, then build bus_load")
    tree = trees.make("mixed", options.trees, options.size)
    small = [f"small-{number:02}" for number in range(SMALL_JOBS)]
    jobs = {name: job(schedule="@daily", retention={"keep_last": 1}) for name in small}
    jobs["big"] = job("big", retention={"keep_last": 1})
    targets = {"big": {"type": "filesystem", "paths": [str(tree.path)]}}
    rows = []
    with Served(folder / "bus", jobs, targets, {"max_concurrent_runs": 4}, {"level": "small"}) as served:
        served.start()
        rows += measure_under("idle", served, options, small)
        again = Again(served)
        again.start()
        rows += measure_under("backup", served, options, small)
        with burning(os.cpu_count()):
            rows += measure_under("backup+burn", served, options, small)
        again.stopping = True
        again.join()
        served.stop()
    return rows


def markdown(rows, _):
    header = ["load", "call", "calls", "refused", "p50 ms", "p99 ms", "max ms", "daemon, cores"]
    return ("### bus: round trips\n\n" + report.table(header, [
        [row["load"], row["method"], str(row["calls"]), str(row["refused"]), f"{row['p50']:.2f}", f"{row['p99']:.2f}",
         f"{row['max']:.2f}", f"{row['daemon_cores']:.1f}"] for row in rows])
        + "\n\nbackup: a backup at level small, over and over, by the same daemon; burn: as many processes beside it as "
        "there are cores, which never wait. GetId is answered by the bus: the way without us. Refused: the job's last run was still going.\n")
