"""What a command costs: wall time, CPU time and peak memory of all its processes.

Wall time is from the start of the first process to the end of the last. CPU time is user and system time of
every process, from wait4(2), so it is exact, as long as each process waits for its children, and all that are
measured here do. Peak memory is the sum of the peaks (VmHWM, resident memory, without the page cache) of the
single processes: a little more than the peak of all at the same time when these fall apart, never less. It is
read from /proc, ever more rarely until it is twenty times a second; what a process takes between the last look
and its end is not seen, so that the peaks of what takes less than a second are too low. A control group's peak
would count the page cache, and wait4's maxrss what was before exec().
"""
import dataclasses
import os
import pathlib
import subprocess
import threading
import time

FIRST_INTERVAL = 0.001  # seconds from the first look at /proc to the second; it grows by a half
INTERVAL = 0.05  # until it is this
GRACE = 10  # seconds that processes get to end when a bench is broken off


class Failed(Exception):
    """A command that should have worked did not; the text tells which, and what it said."""


@dataclasses.dataclass(frozen=True)
class Step:
    """A pipeline: each command's output is the next one's input, the last one's goes to `output`."""
    commands: list
    output: pathlib.Path | None = None
    environment: dict = dataclasses.field(default_factory=dict)
    directory: pathlib.Path | None = None


@dataclasses.dataclass
class Cost:
    wall: float = 0.0  # seconds
    cpu: float = 0.0  # seconds
    peak: int = 0  # bytes, of all processes
    peak_first: int = 0  # bytes, of the first process of each step


class Watch(threading.Thread):
    """Looks at processes and their descendants until stop(), and keeps each one's highest VmHWM."""

    def __init__(self):
        super().__init__(daemon=True)
        self.others = pids()  # what was there before is not ours
        self.peaks = {}  # of our own, by pid
        self.lock = threading.Lock()
        self.ended = threading.Event()

    def add(self, pid):
        with self.lock:
            self.peaks[pid] = 0
        self.look()

    def look(self):
        with self.lock:
            for pid in sorted(pids() - self.others - self.peaks.keys()):
                if parent(pid) in self.peaks:
                    self.peaks[pid] = 0
                elif parent(pid) != os.getpid():  # or else Popen just made it, and add() comes
                    self.others.add(pid)
            for pid in self.peaks:
                self.peaks[pid] = max(self.peaks[pid], high_water(pid))

    def run(self):
        pause = FIRST_INTERVAL
        while not self.ended.wait(pause):
            self.look()
            pause = min(pause * 1.5, INTERVAL)

    def stop(self):
        self.ended.set()
        self.join()


def pids():
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}


def parent(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return 0
    return int(text.rpartition(")")[2].split()[1])


def high_water(pid):
    """Bytes; 0 of a process that has ended."""
    try:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def measure(steps, log):
    """Runs the steps one after the other. `log`, where all is written, takes their standard error. Throws Failed."""
    total = Cost()
    # What the last one left unwritten shall not burden this one.
    subprocess.run(["sync", "-f", log.parent], check=True)
    start = time.monotonic()
    for step in steps:
        cost = run_step(step, log)
        total.cpu += cost.cpu
        total.peak = max(total.peak, cost.peak)
        total.peak_first = max(total.peak_first, cost.peak_first)
    total.wall = time.monotonic() - start
    return total


def run_step(step, log):
    watch = Watch()
    watch.start()
    processes = []
    cost = Cost()
    try:
        with open(log, "wb") as errors, open(step.output or os.devnull, "wb") as output:
            start_pipeline(step, processes, watch, output, errors)
        usages = [wait(process) for process in processes]
    finally:
        watch.stop()
        end(processes)
    cost.cpu = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    # One that ended before the first look: what wait4 says is too much, but not nothing.
    if not any(watch.peaks.values()):
        watch.peaks[processes[0].pid] = max(usage.ru_maxrss * 1024 for usage in usages)
    cost.peak = sum(watch.peaks.values())
    cost.peak_first = watch.peaks[processes[0].pid]
    check(step, processes, log)
    return cost


def start_pipeline(step, processes, watch, output, errors):
    environment = {**os.environ, "LC_ALL": "C.UTF-8", **step.environment}
    source = subprocess.DEVNULL
    for number, command in enumerate(step.commands):
        last = number == len(step.commands) - 1
        process = subprocess.Popen([str(word) for word in command], stdin=source,
                                   stdout=output if last else subprocess.PIPE, stderr=errors,
                                   env=environment, cwd=step.directory)
        processes.append(process)
        watch.add(process.pid)
        if source is not subprocess.DEVNULL:
            source.close()
        source = process.stdout


def wait(process):
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage


def end(processes):
    """Nothing outlives a bench that was broken off."""
    for process in processes:
        if process.returncode is None:
            process.terminate()
    for process in processes:
        if process.returncode is None:
            try:
                process.wait(GRACE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def check(step, processes, log):
    for command, process in zip(step.commands, processes):
        if process.returncode != 0:
            said = pathlib.Path(log).read_text(errors="replace").strip().splitlines()[-5:]
            raise Failed(f"`{' '.join(str(word) for word in command)}` ended with {process.returncode}:\n  "
                         + "\n  ".join(said or ["it said nothing"]))
