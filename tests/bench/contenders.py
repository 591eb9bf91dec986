"""Who is compared: for each, the commands that back up, restore, and fetch one file, as a user would type them.

Each backup goes into a new, empty folder, `place`; restores go into a new, empty folder, `to`. The tree is
named relative to its parent where the program lets one, so that it is restored as `to`/NAME.
"""
import json
import os
import pathlib
import shutil
import subprocess

from measure import Failed, Step
from trees import Trouble

BIN = pathlib.Path(os.environ.get("SNAPSHOTTER_BIN", "build/bin")).resolve()
# Of repositories that are thrown away at the end.
PASSWORD = "bench"


class Contender:
    """`programs` are what it starts; without one of them it is left out."""
    restores = True

    def __init__(self, name, programs, about):
        self.name = name
        self.programs = programs
        self.about = about

    def missing(self):
        return [str(program) for program in self.programs if not shutil.which(program)]

    def version(self):
        said = subprocess.run([self.programs[-1], "version" if self.programs[-1] == "restic" else "--version"],
                              capture_output=True, text=True, check=False)
        return ((said.stdout or said.stderr).splitlines() or ["?"])[0].strip("* ")

    def prepare(self, tree, place):
        """What is not measured: repositories, configurations."""

    def size(self, place):
        """Bytes of the backup."""
        return sum(p.stat().st_size for p in place.rglob("*") if p.is_file())

    def restored(self, tree, to):
        """Where the tree is after a restore."""
        return to / tree.path.name


class Tar(Contender):
    """tar and a compressor. As a pipeline where the user would type -I, which is the same two processes."""

    def __init__(self, name, about, compressor, flags, suffix, restores=True, verified=False):
        super().__init__(name, ["tar", compressor[0]], about)
        self.compressor, self.flags, self.suffix = compressor, flags, suffix
        self.restores, self.verified = restores, verified

    def archive(self, place):
        return place / f"a.tar.{self.suffix}"

    def backup(self, tree, place):
        archive = self.archive(place)
        steps = [Step([["tar", "cf", "-", "-C", tree.path.parent, tree.path.name], self.compressor], archive)]
        if self.verified:
            steps += [Step([["gzip", "-t", archive]]), Step([["tar", "tzf", archive]]),
                      Step([["sha256sum", archive]], place / "a.sha256")]
        return steps

    def restore(self, tree, place, to):
        return [Step([["tar", *self.flags, "-xf", self.archive(place), "-C", to]])]

    def fetch(self, tree, place, to):
        return [Step([["tar", *self.flags, "-xf", self.archive(place), "-C", to, f"{tree.path.name}/{tree.middle}"]])]


class Restic(Contender):
    def step(self, place, *arguments, directory=None):
        return Step([["restic", "--quiet", "--repo", place / "repository", *arguments]], directory=directory,
                    environment={"RESTIC_PASSWORD": PASSWORD, "RESTIC_CACHE_DIR": str(place / "cache")})

    def prepare(self, tree, place):
        run_once(self.step(place, "init"))

    def backup(self, tree, place):
        return [self.step(place, "backup", tree.path.name, directory=tree.path.parent)]

    def restore(self, tree, place, to):
        return [self.step(place, "restore", "latest", "--target", to)]

    def fetch(self, tree, place, to):
        return [self.step(place, "restore", "latest", "--target", to, "--include",
                          pattern(f"/{tree.path.name}/{tree.middle}"))]

    def size(self, place):
        return super().size(place / "repository")


class Borg(Contender):
    def step(self, place, *arguments, directory=None):
        return Step([["borg", *arguments]], directory=directory, environment={
            "BORG_REPO": str(place / "repository"), "BORG_PASSPHRASE": PASSWORD, "BORG_BASE_DIR": str(place / "base")})

    def prepare(self, tree, place):
        run_once(self.step(place, "init", "--encryption", "repokey"))

    def backup(self, tree, place):
        return [self.step(place, "create", "::a", tree.path.name, directory=tree.path.parent)]

    def restore(self, tree, place, to):
        return [self.step(place, "extract", "::a", directory=to)]

    def fetch(self, tree, place, to):
        return [self.step(place, "extract", "::a", f"{tree.path.name}/{tree.middle}", directory=to)]

    def size(self, place):
        return super().size(place / "repository")


class Ours(Contender):
    """A whole process from configuration to exit: it writes, syncs, reads back, inflates, walks and compares."""

    def __init__(self, name, about, archive_format, level, restores=True):
        super().__init__(name, [BIN / "snapshotctl", BIN / "snapshotterd"], about)
        self.format, self.level, self.restores = archive_format, level, restores

    def prepare(self, tree, place):
        self.configure(place, {"type": "filesystem", "paths": [str(tree.path)]})

    def configure(self, place, target, workers="auto"):
        # JSON is YAML; what is $$ there is a dollar.
        document = json.dumps({
            "daemon": {"state_dir": str(place / "state"), "timezone": "UTC", "workers": workers},
            "logging": {"level": "warning", "journal": False, "console": True},
            "stores": {"bench": {"type": "directory", "path": str(place / "store"), "format": self.format,
                                 "level": self.level}},
            "targets": {"tree": target},
            "jobs": {"bench": {"targets": ["tree"], "store": "bench"}},
        }, indent=1, ensure_ascii=False)
        (place / "snapshotterd.yaml").write_text(document.replace("$", "$$"), encoding="utf-8")

    def backup(self, tree, place):
        return [Step([[BIN / "snapshotterd", "--config", place / "snapshotterd.yaml", "--run", "bench", "--bus",
                       "none"]])]

    def archive(self, place):
        found = [p for p in (place / "store").rglob(f"tree-*.{self.format}") if not p.name.startswith(".")]
        if len(found) != 1:
            raise Failed(f"snapshotterd left {len(found)} archives in {place}/store")
        return found[0]

    def restore(self, tree, place, to):
        return [Step([[BIN / "snapshotctl", "restore", self.archive(place), "--to", to]])]

    def fetch(self, tree, place, to):
        return [Step([[BIN / "snapshotctl", "restore", self.archive(place), "--to", to, "--path",
                       pattern(tree.path / tree.middle)]])]

    def size(self, place):
        return self.archive(place).stat().st_size

    def restored(self, tree, to):
        return to / str(tree.path).lstrip("/")


def pattern(path):
    """A path as a glob that matches it alone."""
    return "".join(f"\\{c}" if c in "*?[]!\\" else c for c in str(path))


def run_once(step):
    done = subprocess.run([str(word) for word in step.commands[0]], env={**os.environ, **step.environment},
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"`{' '.join(str(word) for word in step.commands[0])}` ended with {done.returncode}:\n"
                     f"  {done.stderr.strip()}")


def everyone():
    return [
        Ours("ours-fast", "tar.gz, level fast; verified", "tar.gz", "fast", restores=False),
        Ours("ours", "tar.gz, level balanced, the default; verified", "tar.gz", "balanced"),
        Ours("ours-small", "tar.gz, level small; verified", "tar.gz", "small", restores=False),
        Ours("ours-zst", "tar.zst, level balanced; verified", "tar.zst", "balanced"),
        Tar("tar-gz", "tar czf", ["gzip"], ["-z"], "gz"),
        Tar("pigz", "tar | pigz", ["pigz"], ["-I", "pigz"], "gz"),
        Tar("pigz-verified", "tar | pigz && gzip -t && tar tz && sha256sum: what ours does", ["pigz"], ["-z"], "gz",
            restores=False, verified=True),
        Tar("zstd", "tar | zstd -T0", ["zstd", "-T0", "-q"], ["-I", "zstd"], "zst"),
        Restic("restic", ["restic"], "into a new repository: encrypted, deduplicated"),
        Borg("borg", ["borg"], "into a new repository: encrypted, deduplicated, lz4"),
    ]


def choose(only):
    """Those with these names, or all; and of them who is missing what. Throws Trouble."""
    known = everyone()
    if only:
        names = only.split(",")
        wrong = [name for name in names if name not in [contender.name for contender in known]]
        if wrong:
            raise Trouble(f"--only: nobody is called {', '.join(wrong)}; there are "
                          + ", ".join(contender.name for contender in known))
        known = [contender for contender in known if contender.name in names]
    left_out = {contender.name: f"{', '.join(contender.missing())} is not installed"
                for contender in known if contender.missing()}
    chosen = [contender for contender in known if contender.name not in left_out]
    if not chosen:
        raise Trouble("nobody to compare: " + "; ".join(f"{k}: {v}" for k, v in left_out.items())
                      + ". packaging/dependencies.sh bench installs them")
    return chosen, left_out
