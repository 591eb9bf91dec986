"""How long a PostgreSQL dump takes on its way through us, against the same dump into nothing."""
import json
import os
import statistics
import time

import report
from measure import Failed, Step, measure
from served import BIN, Served, job  # and where the peers are found
from docker import Docker  # noqa: E402
from postgres import Postgres, programs  # noqa: E402

CONTAINER = "bench-pg"
# Notes when pg_dumpall begins and ends: how long the dump takes to pass.
STOPWATCH = """#!/bin/sh
date +%s.%N >{times}
{program} "$@"
status=$?
date +%s.%N >>{times}
exit $status
"""


def fill(run, scale):
    run("pgbench", "-i", "-q", "-s", str(scale), "-d", "postgres")


def backup(served, log):
    """One backup by the job `dump`, whole and verified."""
    cost = measure([Step([[BIN / "snapshotterd", "--config", served.config, "--run", "dump"]])], log)
    return cost


def row(where, who, cost, passing=None):
    found = {"where": where, "who": who, "wall": cost.wall, "cpu": cost.cpu, "passing": passing or cost.wall}
    print(f"{where:8} {who:22} {cost.wall:6.2f} s, CPU {cost.cpu:5.2f} s, passing {found['passing']:6.2f} s", flush=True)
    return found


def jobs_over(folder, target, options):
    # As the others, which have no lower priority either.
    return Served(folder, {"dump": job("dump", retention={"keep_last": 1})}, {"dump": {"type": "postgresql", **target}},
                  {"nice": 0}, {"level": options.level})


# -- on this host

def native(options, folder):
    server = Postgres(folder / "pg", settings={"shared_buffers": "128MB"})
    try:
        server.start()
        fill(server.client, options.scale)
        yield from native_rounds(server, options, folder)
    finally:
        server.destroy()


def native_rounds(server, options, folder):
    tools, times, log = folder / "tools", folder / "times", folder / "log"
    tools.mkdir()
    for name in ("pg_dump", "psql"):
        (tools / name).symlink_to(programs() / name)
    (tools / "pg_dumpall").write_text(STOPWATCH.format(times=times, program=programs() / "pg_dumpall"))
    (tools / "pg_dumpall").chmod(0o755)
    served = jobs_over(folder / "native", {"socket": str(server.folder), "bin_dir": str(tools)}, options)
    dump = [programs() / "pg_dumpall", "-h", server.folder, "-U", "postgres"]
    for _ in range(options.rounds):
        yield row("native", "pg_dumpall", measure([Step([dump])], log))
        yield row("native", "pg_dumpall | cat", measure([Step([dump, ["cat"]])], log))
        cost = backup(served, log)
        begin, finish = (float(line) for line in times.read_text().split())
        yield row("native", "ours", cost, finish - begin)


# -- in a container

def through_engine(options, folder):
    docker = Docker(folder / "docker", options.cache)
    try:
        docker.start()
        docker.postgres(CONTAINER)
        fill(lambda *words: docker.run("exec", CONTAINER, *words), options.scale)
        yield from engine_rounds(docker, options, folder)
    finally:
        docker.stop()


def passing(docker, since):
    """How long the longest program ran in the container since then, as the engine saw it."""
    said = docker.run("events", "--since", f"{since:.9f}", "--until", f"{time.time():.9f}", "--filter", "type=container",
                      "--format", "{{json .}}")
    begun, longest = {}, 0
    for event in map(json.loads, said.splitlines()):
        exec_id = event["Actor"]["Attributes"].get("execID")
        if event["Action"].startswith("exec_start"):
            begun[exec_id] = event["timeNano"]
        elif event["Action"].startswith("exec_die") and exec_id in begun:
            longest = max(longest, event["timeNano"] - begun[exec_id])
    if not longest:
        raise Failed("the engine tells of no program that ran")
    return longest / 1e9


def engine_rounds(docker, options, folder):
    log = folder / "log"
    served = jobs_over(folder / "engine", {"container": CONTAINER, "engine": docker.url}, options)
    dump = [*docker.command(), "exec", CONTAINER, "pg_dumpall", "-U", "postgres"]
    for _ in range(options.rounds):
        since = time.time()
        cost = measure([Step([dump])], log)
        yield row("docker", "docker exec", cost, passing(docker, since))
        since = time.time()
        cost = backup(served, log)
        yield row("docker", "ours", cost, passing(docker, since))


def run(options, folder):
    """pg_dumpall natively and through a container engine"""
    rows = list(native(options, folder))
    if os.geteuid() == 0:
        rows += through_engine(options, folder)
    else:
        print("docker: left out, for only root may start an engine", flush=True)
    return rows


def markdown(rows, options):
    groups = {}
    for one in rows:
        groups.setdefault((one["where"], one["who"]), []).append(one)
    middle = {key: {what: statistics.median(one[what] for one in group) for what in ("wall", "cpu", "passing")}
              for key, group in groups.items()}
    best = {key: min(one["passing"] for one in group) for key, group in groups.items()}
    against = {"native": "pg_dumpall | cat", "docker": "docker exec"}
    lines = []
    for (where, who), values in middle.items():
        base = where, against[where]
        lines.append([where, who.replace("|", "\\|"), f"{values['wall']:.2f}", f"{values['cpu']:.2f}", f"{values['passing']:.2f}",
                      f"{values['passing'] / middle[base]['passing']:.2f}", f"{best[where, who]:.2f}",
                      f"{best[where, who] / best[base]:.2f}"])
    return (f"### dumps: pgbench of scale {options.scale}, level {options.level}, {options.rounds} rounds in turn\n\n"
            + report.table(["", "", "wall s", "CPU s", "passing s", "× the time", "at best s", "× the best"], lines)
            + "\n\nMedians. Passing: from the start to the end of pg_dumpall; at best: its shortest, which tells most where "
            "the machine has other work. The wall time of ours has the rest of the archive, "
            "syncing and verifying in it, that of the others only the dump. CPU is without the server and the engine.\n")
