"""What a daemon costs that has nothing to do."""
import pathlib
import re
import shutil
import subprocess
import time

import report
from served import WATCHDOG, Served, cpu_seconds, job, memory, wake_ups

SETTLE = 3  # seconds after the start
MIB = 1 << 20


def far_from_now(number):
    """A time of day that none of the jobs has within the next hours."""
    hour = (time.gmtime().tm_hour + 4 + number // 60 % 16) % 24
    return f"{number % 60} {hour} * * *"


def system_calls(pid, seconds):
    """How many it makes, by strace; None without that."""
    if not shutil.which("strace"):
        return None
    done = subprocess.run(["timeout", "-s", "INT", str(seconds), "strace", "-c", "-f", "-p", str(pid)],
                          capture_output=True, text=True, check=False)
    if "attached" not in done.stderr:
        return None  # not allowed to
    total = re.search(r"^\s*100\.00\s+\S+\s+(?:\S+\s+)?(\d+)\s.*total$", done.stderr, re.MULTILINE)
    return int(total.group(1)) if total else 0


def look(count, options, folder):
    jobs = {f"job-{number:05}": job(schedule=far_from_now(number)) for number in range(count)}
    row = {"jobs": count}
    with Served(folder / f"idle-{count}", jobs) as served:
        row["first_start"] = served.start()
        begin = time.monotonic()
        served.ctl("status")
        row["first_status"] = time.monotonic() - begin
        served.stop()
        row["start"] = served.start()
        time.sleep(SETTLE)
        pid = served.daemon.pid
        row["rss"], row["pss"], row["anonymous"] = memory(pid)
        before, cpu = wake_ups(pid), cpu_seconds(pid)
        time.sleep(options.seconds)
        row["wake_ups"], row["cpu"] = wake_ups(pid) - before, cpu_seconds(pid) - cpu
        row["threads"] = len(list(pathlib.Path(f"/proc/{pid}/task").iterdir()))
        row["system_calls"] = system_calls(pid, options.seconds)
    return row


def run(options, folder):
    """starting and idling with one job, and with 10,000"""
    return [look(count, options, folder) for count in (1, options.jobs)]


def markdown(rows, options):
    def shown(row):
        calls = "–" if row["system_calls"] is None else str(row["system_calls"])
        return [f"{row['jobs']:,}", f"{row['first_start']:.3f}", f"{row['first_status']:.3f}", f"{row['start']:.3f}",
                f"{row['rss'] / MIB:.1f}", f"{row['pss'] / MIB:.1f}", f"{row['anonymous'] / MIB:.1f}",
                str(row["threads"]), str(row["wake_ups"]), calls, f"{row['cpu']:.2f}"]

    header = ["jobs", "first start s", "first status s", "start s", "RSS MiB", "PSS MiB", "anonymous MiB", "threads",
              "wake-ups", "system calls", "CPU s"]
    return (f"### idle: {options.seconds} s, watchdog {WATCHDOG} s\n\n" + report.table(header, [shown(r) for r in rows])
            + "\n\nWake-ups are voluntary context switches of all threads; the watchdog is fed twice in its time.\n")
