"""A root file system with PostgreSQL, made of the host's own files: no registry is asked.

The tar is kept beside the build, for it takes some seconds; what an image of it needs is in CHANGES.
"""
import fcntl
import os
import pathlib
import shutil
import subprocess
import tempfile

CHANGES = [
    "ENV PATH={bin}:/usr/sbin:/usr/bin:/sbin:/bin",
    "ENV LANG=C.UTF-8",
    "ENV PGDATA=/var/lib/postgresql/data",
    "USER postgres",
    'CMD ["sh","-c","[ -s $PGDATA/PG_VERSION ] || initdb -D $PGDATA -E UTF8 --locale=C.UTF-8 -A trust '
    '>/dev/null; exec postgres -D $PGDATA -k /run/postgresql -c listen_addresses= -c fsync=off"]',
]
PROGRAMS = ["dash", "cat", "ls", "sleep", "ps", "id", "env"]


def installation():
    """(version, folder of the programs) of the newest PostgreSQL server of this host."""
    folders = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"),
                     key=lambda path: int(path.parts[-3]))
    if not folders:
        raise AssertionError("PostgreSQL's server is not installed: apt-get install postgresql")
    return folders[-1].parts[-3], folders[-1].parent


def changes():
    _, folder = installation()
    return [argument for change in CHANGES for argument in ("--change", change.format(bin=folder))]


def libraries(files):
    found = set()
    for file in files:
        listing = subprocess.run(["ldd", file], capture_output=True, text=True, check=False).stdout
        found |= {word for word in listing.split() if word.startswith("/")}
    return found


def files_of_host():
    version, folder = installation()
    programs = [*folder.iterdir(), *(pathlib.Path(shutil.which(name)) for name in PROGRAMS)]
    modules = [m for m in (folder.parent / "lib").glob("*.so") if "llvm" not in m.name]
    binaries = {str(path.resolve()) for path in [*programs, *modules]}
    files = binaries | {str(path) for path in [*programs, *modules]} | libraries(binaries)
    files |= {os.path.realpath(file) for file in files}
    for tree in (f"/usr/share/postgresql/{version}", "/usr/share/zoneinfo", "/usr/lib/locale/C.utf8"):
        files |= {str(path) for path in pathlib.Path(tree).rglob("*") if not path.is_dir()}
    # Everything below /usr, as on a merged system.
    return {"/usr" + file if file.split("/")[1] in ("bin", "sbin", "lib", "lib64") else file
            for file in files}


def build(tar):
    with tempfile.TemporaryDirectory(dir=tar.parent) as name:
        root = pathlib.Path(name)
        for folder in ("usr/bin", "usr/lib", "usr/lib64", "usr/sbin", "etc", "tmp", "proc", "sys", "dev", "root",
                       "run/postgresql", "var/lib/postgresql"):
            (root / folder).mkdir(parents=True)
        for link in ("bin", "sbin", "lib", "lib64"):
            (root / link).symlink_to("usr/" + link)
        (root / "var/run").symlink_to("/run")
        listing = "\n".join(file.lstrip("/") for file in sorted(files_of_host()))
        pack = subprocess.Popen(["tar", "-C", "/", "-cf", "-", "--no-recursion", "-T", "-"],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        unpack = subprocess.Popen(["tar", "-C", str(root), "-xf", "-"], stdin=pack.stdout)
        pack.stdout.close()  # it is the other's now
        pack.stdin.write(listing.encode())
        pack.stdin.close()
        if pack.wait() or unpack.wait():
            raise AssertionError("the root file system could not be made")
        (root / "usr/bin/sh").symlink_to("dash")
        root.chmod(0o755)  # with 0700 nobody but root would get in
        (root / "tmp").chmod(0o1777)
        (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n"
                                         "postgres:x:999:999::/var/lib/postgresql:/bin/sh\n")
        (root / "etc/group").write_text("root:x:0:\npostgres:x:999:\n")
        (root / "etc/nsswitch.conf").write_text("passwd: files\ngroup: files\n")
        for folder in ("run/postgresql", "var/lib/postgresql"):
            os.chown(root / folder, 999, 999)
        unfinished = tar.with_suffix(".unfinished")
        subprocess.run(["tar", "-C", str(root), "--numeric-owner", "-cf", str(unfinished), "."], check=True)
        unfinished.rename(tar)


def root_tar(cache):
    """The tar's path; made if need be, by one process at a time."""
    cache = pathlib.Path(cache)
    cache.mkdir(parents=True, exist_ok=True)
    _, folder = installation()
    version = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    tar = cache / f"postgres-{version.split()[2]}.tar"
    with open(cache / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not tar.exists():
            build(tar)
    return tar
