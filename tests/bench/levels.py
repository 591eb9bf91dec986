#!/usr/bin/env python3
"""Ours at every level of compression, once each on the same warm tree: what speed costs in size."""
import argparse
import pathlib

import machine
import report
import trees
from compare import BUILD, warm
from contenders import BIN, Ours
from measure import measure
from scratch import main, remove, scratch

NAMED = ["fast", "balanced", "small"]
LEVELS = {"tar.gz": NAMED + list(range(1, 13)), "tar.zst": NAMED + list(range(1, 20))}
SIZE = 256 << 20


def arguments():
    parser = argparse.ArgumentParser(prog="run.sh levels", description=__doc__)
    parser.add_argument("--tree", metavar="FOLDER", help="a tree of your own instead of a mixed one")
    parser.add_argument("--size", type=trees.parse_size, default=SIZE, help="of the mixed tree (256M)")
    parser.add_argument("--named", action="store_true", help="only fast, balanced and small")
    parser.add_argument("--out", default=BUILD / "results", help="where the report goes (build/bench/results)")
    parser.add_argument("--trees", default=BUILD / "trees", help="where trees are kept (build/bench/trees)")
    parser.add_argument("--scratch", default=BUILD, help="where backups go until the end (build/bench)")
    return parser.parse_args()


def run_level(tree, archive_format, level, folder):
    ours = Ours("ours", "", archive_format, level)
    place = folder / f"{archive_format}-{level}"
    place.mkdir()
    ours.prepare(tree, place)
    cost = measure(ours.backup(tree, place), folder / "log")
    size = ours.size(place)
    remove(place)
    print(f"{archive_format:8} {level!s:8} {cost.wall:9.2f} s wall {cost.cpu:9.2f} s CPU "
          f"{size / 1e6:9.1f} MB", flush=True)
    return {"format": archive_format, "level": level, "wall": cost.wall, "cpu": cost.cpu, "peak": cost.peak,
            "bytes": size}


def markdown(result):
    tree = result["tree"]
    rows = [[r["format"], f"**{r['level']}**" if r["level"] in NAMED else str(r["level"]),
             f"{tree['bytes'] / 1e6 / r['wall']:.0f}", f"{r['wall']:.2f}", f"{r['cpu']:.2f}",
             f"{r['peak'] / 2**20:.0f}", f"{r['bytes'] / 1e6:.1f}", f"{tree['bytes'] / r['bytes']:.3f}"]
            for r in result["rows"]]
    return (f"{machine.describe(result['machine'])}\n\n### Levels on {tree['name']}: {tree['files']:,} files, "
            f"{tree['bytes'] / 1e6:,.1f} MB, written and verified\n\n"
            + report.table(["format", "level", "MB/s", "wall s", "CPU s", "peak MiB", "output MB", "ratio"], rows) + "\n")


def levels():
    options = arguments()
    if not (BIN / "snapshotterd").exists():
        raise trees.Trouble(f"there is no {BIN}/snapshotterd; run.sh builds it")
    tree = (trees.describe(pathlib.Path(options.tree).resolve().name or "root", options.tree) if options.tree
            else trees.make("mixed", options.trees, options.size))
    with scratch(options.scratch) as folder:
        if folder.is_relative_to(tree.path):
            raise trees.Trouble(f"the scratch folder {folder} is inside the tree; --scratch names another")
        trees.need_space(folder.parent, tree.bytes, 0, f"a backup of {tree.name}", "--scratch names another folder")
        result = {"format": 1, "machine": machine.machine(folder), "rows": [],
                  "tree": {"name": tree.name, "files": tree.files, "bytes": tree.bytes}}
        if machine.busy(result["machine"]):
            print("WARNING: " + machine.busy(result["machine"]), flush=True)
        warm(tree)
        for archive_format, known in LEVELS.items():
            for level in NAMED if options.named else known:
                result["rows"].append(run_level(tree, archive_format, level, folder))
        report.write(result, markdown(result), options.out, f"levels-{tree.name}")
    return 0


if __name__ == "__main__":
    main(levels)
