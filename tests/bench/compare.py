#!/usr/bin/env python3
"""Ours against what one would use instead, in turn, on the same warm files. README.md explains the figures."""
import argparse
import pathlib
import subprocess

import contenders
import machine
import report
import trees
from measure import Failed, measure
from scratch import main, remove, scratch

BUILD = pathlib.Path(__file__).resolve().parents[2] / "build" / "bench"


def arguments():
    parser = argparse.ArgumentParser(prog="run.sh [compare]", description=__doc__, epilog="Sizes: 512M, 1.5G, …")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--tree", metavar="FOLDER", help="a tree of your own, which must not change meanwhile")
    source.add_argument("--make", metavar="KINDS", default="mixed",
                        help=f"trees to make, or reuse: {', '.join(trees.KINDS)}, several with commas (mixed)")
    parser.add_argument("--size", type=trees.parse_size, help="of a tree that is made (1.5 to 2 GiB, by its kind)")
    parser.add_argument("--files", type=int, help=f"of the tree tiny ({trees.TINY_FILES:,})")
    parser.add_argument("--rounds", type=int, default=3, help="how often each takes its turn (3)")
    parser.add_argument("--only", metavar="NAMES", help="these contenders, with commas: "
                        + ", ".join(contender.name for contender in contenders.everyone()))
    parser.add_argument("--baseline", default="tar-gz", help="whom the ratios compare with (tar-gz)")
    parser.add_argument("--no-restore", action="store_true", help="measure backups only")
    parser.add_argument("--out", default=BUILD / "results", help="where the report goes (build/bench/results)")
    parser.add_argument("--trees", default=BUILD / "trees", help="where trees are kept (build/bench/trees)")
    parser.add_argument("--scratch", default=BUILD, help="where backups and restores go until the end (build/bench); "
                        "/dev/shm leaves the disk out of it")
    options = parser.parse_args()
    check(parser, options)
    return parser, options


def check(parser, options):
    options.kinds = [] if options.tree else list(dict.fromkeys(options.make.split(",")))
    for kind in options.kinds:
        if kind not in trees.KINDS:
            parser.error(f"--make: there is no kind '{kind}'; there are {', '.join(trees.KINDS)}")
    if options.size and not set(options.kinds) - {"tiny"}:
        parser.error("--size is of trees that are made; the tree tiny has --files")
    if options.files is not None and "tiny" not in options.kinds:
        parser.error("--files is of the tree tiny")
    if options.rounds < 1 or (options.files is not None and options.files < 1):
        parser.error("--rounds and --files are 1 or more")


def need_space(tree, chosen, options):
    """Throws Trouble unless there is room for a backup, and for the restores as long as they are kept."""
    folder = pathlib.Path(options.scratch).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    restores = 0 if options.no_restore else sum(contender.restores for contender in chosen)
    kept = restores * options.rounds if keeps(folder) else min(restores, 1)
    trees.need_space(folder, tree.bytes + kept * tree.blocks, kept * tree.entries,
                     f"comparing {tree.name} (a backup, and {kept} restores, kept until the end)",
                     "fewer --rounds or --only some take less, so does --no-restore; --scratch names another folder")


def keeps(folder):
    """ext4 is slow to make files right after many were deleted: there all restores are kept until the end."""
    return machine.file_system(folder) != "tmpfs"


def find_trees(options, chosen):
    for kind in options.kinds:
        need_space(trees.plan(kind, options.trees, options.size, options.files), chosen, options)
    if options.tree:
        return [trees.describe(pathlib.Path(options.tree).resolve().name or "root", options.tree)]
    return [trees.make(kind, options.trees, options.size, options.files) for kind in options.kinds]


class Comparison:
    """One tree, everybody, several rounds."""

    def __init__(self, tree, chosen, options, folder):
        self.tree, self.chosen, self.options, self.folder = tree, chosen, options, folder
        self.keep = keeps(folder)
        self.measurements = []
        if folder.is_relative_to(tree.path):
            raise trees.Trouble(f"the scratch folder {folder} is inside the tree; --scratch names another")
        need_space(tree, chosen, options)

    def run(self):
        for number in range(1, self.options.rounds + 1):
            warm(self.tree)
            for contender in self.chosen:
                self.turn(contender, number)
        return self.measurements

    def turn(self, contender, number):
        place = self.folder / f"{self.tree.name}-{contender.name}-{number}"
        place.mkdir()
        contender.prepare(self.tree, place)
        self.step(contender, number, "backup", contender.backup(self.tree, place), contender.size, place)
        if contender.restores and not self.options.no_restore:
            to = self.new_folder(place, "restored")
            self.step(contender, number, "restore", contender.restore(self.tree, place, to), contender.size, place)
            if number == 1:
                check_same(contender, self.tree.path, contender.restored(self.tree, to))
            if self.tree.files > 1:
                one = self.new_folder(place, "fetched")
                self.step(contender, number, "fetch", contender.fetch(self.tree, place, one), contender.size, place)
                check_same(contender, self.tree.path / self.tree.middle,
                           contender.restored(self.tree, one) / self.tree.middle)
            if not self.keep:
                remove(to)
        remove(place)

    def new_folder(self, place, what):
        folder = place.with_name(f"{place.name}-{what}")
        folder.mkdir()
        return folder

    def step(self, contender, number, action, steps, size, place):
        cost = measure(steps, self.folder / "log")
        self.measurements.append({"contender": contender.name, "action": action, "round": number, "wall": cost.wall,
                                  "cpu": cost.cpu, "peak": cost.peak, "bytes": size(place)})
        print(f"{self.tree.name} {number}/{self.options.rounds} {contender.name:14} {action:8}"
              f"{cost.wall:9.2f} s wall {cost.cpu:9.2f} s CPU {cost.peak / 2**20:7.0f} MiB", flush=True)


def warm(tree):
    """Reads the tree once, as all will; what does not fit into memory stays cold for all."""
    reader = subprocess.Popen(["tar", "cf", "-", "-C", tree.path.parent, tree.path.name], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)
    buffer = bytearray(1 << 20)
    while reader.stdout.readinto(buffer):
        pass
    reader.stdout.close()
    reader.wait()


def check_same(contender, wanted, found):
    """A fast restore of something else is no restore."""
    diff = subprocess.run(["diff", "-r", "-q", "--no-dereference", wanted, found], capture_output=True, text=True,
                          errors="replace", check=False)
    if diff.returncode != 0:
        said = (diff.stdout + diff.stderr).strip().splitlines()
        raise Failed(f"{contender.name} restored something else than was backed up:\n  " + "\n  ".join(said[:5]))


def compare():
    parser, options = arguments()
    chosen, left_out = contenders.choose(options.only)
    if options.baseline not in [contender.name for contender in chosen]:
        if options.baseline != parser.get_default("baseline"):
            parser.error(f"--baseline {options.baseline}: is not among those compared")
        options.baseline = chosen[-1].name
    for name, why in left_out.items():
        print(f"left out: {name}: {why} (packaging/dependencies.sh bench installs it)", flush=True)
    result = {"format": 1, "baseline": options.baseline, "rounds": options.rounds, "left_out": left_out,
              "contenders": {contender.name: contender.about for contender in chosen},
              "versions": {contender.name: contender.version() for contender in chosen}, "trees": []}
    sources = find_trees(options, chosen)
    with scratch(options.scratch) as folder:
        result["machine"] = machine.machine(folder)
        if machine.busy(result["machine"]):
            print("WARNING: " + machine.busy(result["machine"]), flush=True)
        comparisons = [Comparison(tree, chosen, options, folder) for tree in sources]
        for comparison in comparisons:
            measurements = comparison.run()
            tree = comparison.tree
            result["trees"].append({"name": tree.name, "files": tree.files, "bytes": tree.bytes,
                                    "measurements": measurements,
                                    "summary": report.summary(measurements, options.baseline)})
        report.write(result, report.compare_markdown(result), options.out,
                     "compare-" + "-".join(tree.name for tree in sources))
    return 0


if __name__ == "__main__":
    main(compare)
