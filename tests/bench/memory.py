#!/usr/bin/env python3
"""The peak memory of a backup and of its restore in hard cases, against the limit that is promised for 2 cores."""
import argparse
import os

import machine
import report
import scenarios
import trees
from compare import BUILD
from contenders import BIN, Ours
from measure import measure
from scratch import main, remove, scratch

LIMIT = 96 << 20  # resident memory of one process
CORES = 2
FORMATS = {"tar.gz": Ours("ours", "", "tar.gz", "balanced"), "tar.zst": Ours("ours-zst", "", "tar.zst", "balanced")}


def arguments():
    parser = argparse.ArgumentParser(
        prog="run.sh memory", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="scenarios:\n" + "\n".join(f"  {name:8} {make.__doc__}" for name, make in scenarios.ALL.items())
        + "\n\nExit status: 0 all within the limit, 1 not.")
    parser.add_argument("scenario", nargs="*", metavar="SCENARIO", help="which (all)")
    parser.add_argument("--scale", type=float, default=1.0, help="make all so much smaller, such as 0.01 (1)")
    parser.add_argument("--no-restore", action="store_true", help="measure backups only")
    parser.add_argument("--out", default=BUILD / "results", help="where the report goes (build/bench/results)")
    parser.add_argument("--trees", default=BUILD / "trees", help="where the million files are kept (build/bench/trees)")
    parser.add_argument("--scratch", default=BUILD, help="where all else goes until the end (build/bench)")
    options = parser.parse_args()
    for name in options.scenario:
        if name not in scenarios.ALL:
            parser.error(f"there is no scenario '{name}'; there are {', '.join(scenarios.ALL)}")
    if options.scale <= 0:
        parser.error("--scale is above 0")
    options.scenario = options.scenario or list(scenarios.ALL)
    return options


def run_scenario(name, options, folder):
    source = folder / name
    source.mkdir()
    target, size, inodes, archive = scenarios.ALL[name](source, options.scale, options.trees)
    with_restore = not options.no_restore
    trees.need_space(folder.parent, archive + with_restore * size, with_restore * inodes, f"the scenario {name}",
                     "--scale 0.1 makes it smaller, --no-restore leaves the larger part out, --scratch names another "
                     "folder")
    for archive_format, ours in FORMATS.items():
        place = folder / f"{name}-{archive_format}"
        place.mkdir()
        ours.configure(place, target, workers=CORES)
        yield row(name, archive_format, "backup", measure(ours.backup(None, place), folder / "log"), ours.size(place))
        if with_restore:
            to = place / "restored"
            to.mkdir()
            yield row(name, archive_format, "restore", measure(ours.restore(None, place, to), folder / "log"),
                      ours.size(place))
        remove(place)
    remove(source)


def row(name, archive_format, action, cost, size):
    found = {"scenario": name, "format": archive_format, "action": action, "peak": cost.peak_first, "bytes": size,
             "wall": cost.wall, "cpu": cost.cpu, "pass": cost.peak_first <= LIMIT}
    print(f"{name:8} {archive_format:8} {action:8} {cost.peak_first / 2**20:7.1f} MiB {cost.wall:9.1f} s "
          f"{'pass' if found['pass'] else 'FAIL'}", flush=True)
    return found


def markdown(result):
    rows = [[r["scenario"], r["format"], r["action"], f"{r['peak'] / 2**20:.1f}", f"{r['wall']:.1f}",
             f"{r['cpu']:.1f}", f"{r['bytes'] / 1e6:,.1f}", "pass" if r["pass"] else "**FAIL**"]
            for r in result["rows"]]
    what = "\n".join(f"- {name}: {scenarios.ALL[name].__doc__}"
                     for name in dict.fromkeys(r["scenario"] for r in result["rows"]))
    scale = "" if result["scale"] == 1 else f", scaled by {result['scale']}"
    return (f"{machine.describe(result['machine'])}\n\n### Peak memory, limit {LIMIT >> 20} MiB on {CORES} cores{scale}"
            "\n\n" + report.table(["", "format", "of", "peak MiB", "wall s", "CPU s", "archive MB", ""], rows)
            + f"\n\n{what}\n")


def memory():
    options = arguments()
    if not (BIN / "snapshotterd").exists():
        raise trees.Trouble(f"there is no {BIN}/snapshotterd; run.sh builds it")
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    with scratch(options.scratch) as folder:
        result = {"format": 1, "machine": machine.machine(folder), "limit": LIMIT, "scale": options.scale, "rows": []}
        for name in options.scenario:
            result["rows"] += run_scenario(name, options, folder)
        report.write(result, markdown(result), options.out, "memory")
    return 0 if all(r["pass"] for r in result["rows"]) else 1


if __name__ == "__main__":
    main(memory)
