#!/usr/bin/env python3
"""What the service costs around the archives: idling, answering over D-Bus, taking in dumps."""
import argparse
import os
import pathlib

import machine
import report
import service_bus
import service_dumps
import service_idle
import trees
from compare import BUILD
from scratch import main, scratch

BENCHES = {"idle": service_idle, "bus": service_bus, "dumps": service_dumps}


def arguments():
    parser = argparse.ArgumentParser(
        prog="run.sh services", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="benches:\n" + "\n".join(f"  {name:8} {bench.run.__doc__}" for name, bench in BENCHES.items()))
    parser.add_argument("bench", nargs="*", metavar="BENCH", help="which (all)")
    parser.add_argument("--seconds", type=int, default=30, help="idle: how long to look (30)")
    parser.add_argument("--jobs", type=int, default=10_000, help="idle: how many jobs the large configuration has (10000)")
    parser.add_argument("--calls", type=int, default=4000, help="bus: how many calls in each situation (4000)")
    parser.add_argument("--size", type=trees.parse_size, default=trees.parse_size("256M"),
                        help="bus: of the tree that is backed up meanwhile (256M)")
    parser.add_argument("--scale", type=int, default=35, help="dumps: pgbench's; one is 15 MB of data (35)")
    parser.add_argument("--level", default="balanced", help="dumps: of the archive (balanced)")
    parser.add_argument("--rounds", type=int, default=3, help="dumps: how often each takes its turn (3)")
    parser.add_argument("--out", default=BUILD / "results", help="where the report goes (build/bench/results)")
    parser.add_argument("--trees", default=BUILD / "trees", help="where trees are kept (build/bench/trees)")
    parser.add_argument("--cache", default=BUILD / "peers", help="where a container's files are kept (build/bench/peers)")
    parser.add_argument("--scratch", default=BUILD, help="where all else goes until the end (build/bench)")
    options = parser.parse_args()
    for name in options.bench:
        if name not in BENCHES:
            parser.error(f"there is no bench '{name}'; there are {', '.join(BENCHES)}")
    options.bench = options.bench or list(BENCHES)
    return options


def run():
    options = arguments()
    with scratch(options.scratch) as folder:
        # The server's own user has to get through.
        folder.chmod(0o755)
        result = {"machine": machine.machine(folder)}
        parts = [machine.describe(result["machine"])]
        for name in options.bench:
            result[name] = BENCHES[name].run(options, folder)
            parts.append(BENCHES[name].markdown(result[name], options))
        result["load_at_the_end"] = os.getloadavg()[0]
        parts.append(f"Load average: {result['machine']['load']:.2f} at the start, {result['load_at_the_end']:.2f} at "
                     "the end.\n")
        report.write(result, "\n".join(parts), pathlib.Path(options.out), "services")


if __name__ == "__main__":
    main(run)
