"""What the figures come from: a figure without its machine says nothing."""
import datetime
import os
import pathlib
import platform
import subprocess


def machine(folder):
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "kernel": platform.release(),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", "?"),
        "scratch": file_system(folder),
        "load": os.getloadavg()[0],
        "commit": commit(),
    }


def cpu_model():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def file_system(folder):
    """The type of what is mounted there."""
    path = str(pathlib.Path(folder).resolve())
    best, kind = "", "?"
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        mount = before.split()[4]
        if (path + "/").startswith(mount.rstrip("/") + "/") and len(mount) >= len(best):
            best, kind = mount, after.split()[0]
    return kind


def commit():
    said = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=pathlib.Path(__file__).parent,
                          capture_output=True, text=True, check=False)
    return said.stdout.strip() or "?"


def busy(facts):
    """A warning when others are at work, or nothing."""
    if facts["load"] > 0.25 * facts["cores"]:
        return (f"The machine was not quiet: load average {facts['load']:.2f} on {facts['cores']} cores at the start. "
                "Seconds mean little, and ours, whose work has a low priority, looks slower than it is.")
    return ""


def describe(facts):
    text = (f"{facts['cpu']}, {facts['cores']} cores, {facts['memory'] / 2**30:.0f} GiB; {facts['system']}, kernel "
            f"{facts['kernel']}; scratch on {facts['scratch']}; {facts['date'][:10]}, {facts['commit']}.")
    return text + (" " + busy(facts) if busy(facts) else "")
