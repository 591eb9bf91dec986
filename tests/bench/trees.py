"""The trees that are backed up: made once into a cache, always the same from the same numbers.

A tree is finished when it has its name: it is made under another one and renamed.
"""
import argparse
import dataclasses
import os
import pathlib
import random
import shutil
import stat

SEED = 20261124
MIB = 1 << 20
BLOCK = 4096  # what a file takes on disk is a multiple
POOL = 32 * MIB  # far more than a compressor's window, so that slices of it do not repeat within one

KINDS = {"mixed": 1536 * MIB, "tiny": 0, "huge": 2048 * MIB, "noise": 1024 * MIB, "sql": 1024 * MIB}
TINY_FILES = 1_000_000


class Trouble(Exception):
    """Something that the user can mend; the text tells what and how."""


@dataclasses.dataclass(frozen=True)
class Tree:
    name: str
    path: pathlib.Path
    files: int
    entries: int  # files, folders, links: inodes of a restored tree
    bytes: int  # of the files' contents
    blocks: int  # bytes that a restored tree takes on disk
    middle: str  # relative path of a file that half of the bytes stand before; the only one of one


def parse_size(text):
    """512M, 1.5G, 100KiB, 4096: powers of 1024."""
    number = text.strip().upper().removesuffix("B").removesuffix("I")
    factor = {"K": 1 << 10, "M": MIB, "G": 1 << 30, "T": 1 << 40}.get(number[-1:], 1)
    try:
        size = int(float(number[:-1] if factor > 1 else number) * factor)
    except (ValueError, OverflowError):
        size = 0
    if size <= 0:
        raise argparse.ArgumentTypeError(f"'{text}' is no size such as 512M or 1.5G")
    return size


def describe(name, path):
    """Walks a tree. Throws Trouble."""
    path = pathlib.Path(path).resolve()
    if not path.is_dir():
        raise Trouble(f"{path} is not a folder; --tree takes one")
    found, entries = [], 1
    for folder, folders, names in os.walk(path, onerror=raise_it):
        folders.sort()
        entries += len(folders) + len(names)
        for file in sorted(names):
            state = os.lstat(os.path.join(folder, file))
            if stat.S_ISREG(state.st_mode):
                found.append((os.path.relpath(os.path.join(folder, file), path), state.st_size))
    if not found:
        raise Trouble(f"{path} holds no files")
    total = sum(size for _, size in found)
    blocks = sum(-(-size // BLOCK) * BLOCK for _, size in found) + (entries - len(found)) * BLOCK
    passed = 0
    for middle, size in found:
        passed += size
        if passed * 2 >= total:
            break
    return Tree(name, path, len(found), entries, total, blocks, middle)


def raise_it(error):
    raise Trouble(f"cannot read {error.filename}: {error.strerror}")


def need_space(folder, size, inodes, what, advice):
    """Throws Trouble unless so much is free where `folder` is."""
    free = os.statvfs(folder)
    size += size // 20
    if free.f_bavail * free.f_frsize < size:
        raise Trouble(f"{what} needs {size / 1e9:.1f} GB, {folder} has {free.f_bavail * free.f_frsize / 1e9:.1f} GB "
                      f"free: {advice}")
    if free.f_files and free.f_favail < inodes:
        raise Trouble(f"{what} needs {inodes:,} inodes, {folder} has {free.f_favail:,} free: {advice}")


def plan(kind, cache, size=None, files=None):
    """What the tree of this kind will be, about: to see whether there is room before it is made."""
    files = files or TINY_FILES
    if kind == "tiny":
        folders = files // 99 + 2
        return Tree(f"tiny-{files}", pathlib.Path(cache) / f"tiny-{files}", files, files + folders, files * 2048,
                    (files + folders) * BLOCK, "")
    size = size or KINDS[kind]
    name = f"{kind}-{size // MIB}M" if size >= MIB else f"{kind}-{size}"
    return Tree(name, pathlib.Path(cache) / name, 1, size // 25_000 if kind == "mixed" else 17, size,
                size + size // 4 if kind == "mixed" else size, "")


def make(kind, cache, size=None, files=None):
    """The tree of this kind, made now if it is not there yet. Throws Trouble."""
    files = files or TINY_FILES
    size = size or KINDS[kind]
    planned = plan(kind, cache, size, files)
    name, path = planned.name, planned.path
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        need_space(path.parent, planned.blocks, planned.entries, f"the tree {name}",
                   "--size or --files make it smaller, --trees names another folder")
        print(f"making {path}", flush=True)
        unfinished = path.with_name(f".{name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        try:
            unfinished.mkdir()
            if kind == "tiny":
                make_tiny(unfinished, files)
            else:
                globals()[f"make_{kind}"](unfinished, size)
            unfinished.rename(path)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
    return describe(name, path)


# -- contents

def text_pool(rng, size):
    """Text that compresses like text: words, the frequent ones often."""
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    weights = [26 - i for i in range(26)]
    words = ["".join(rng.choices(letters, weights, k=rng.randint(2, 11))) for _ in range(8000)]
    frequency = [1 / (i + 2) for i in range(len(words))]
    pool = bytearray()
    while len(pool) < size:
        line = rng.choices(words, frequency, k=4096)
        pool += " ".join(word + "\n" if i % 12 == 11 else word for i, word in enumerate(line)).encode()
    return memoryview(pool)[:size]


def dense(rng, size):
    """Blocks of a large file that compresses about three to one: text, records of zeros and numbers, noise."""
    pool = text_pool(rng, min(POOL, max(size, 65536)))
    while size > 0:
        length = min(65536, size)
        kind = rng.random()
        if kind < 0.7:
            begin = rng.randrange(len(pool) - length + 1)
            yield pool[begin:begin + length]
        elif kind < 0.85:
            yield bytes(length)
        else:
            yield rng.randbytes(length)
        size -= length


# -- trees

def make_tiny(path, count):
    """Files of 0 to 4 KiB, a hundred in each folder, folders three deep."""
    rng = random.Random(SEED)
    pool = text_pool(rng, min(POOL, max(MIB, count * 2048)))
    for i in range(count):
        if i % 100 == 0:
            folder = path / f"{i // 10000:03}" / f"{i // 100 % 100:02}"
            folder.mkdir(parents=True)
        size = rng.randrange(4097)
        begin = rng.randrange(len(pool) - size)
        with open(f"{folder}/{i % 100:02}.txt", "wb", buffering=0) as file:
            file.write(pool[begin:begin + size])


def make_huge(path, size):
    with open(path / "huge.bin", "wb") as file:
        for block in dense(random.Random(SEED), size):
            file.write(block)


def make_noise(path, size):
    """Sixteen files that nothing can compress."""
    rng = random.Random(SEED)
    for number in range(16):
        left = size // 16
        with open(path / f"{number:02}.jpg", "wb") as file:
            while left > 0:
                left -= file.write(rng.randbytes(min(MIB, left)))


def make_sql(path, size):
    """One file like those of pg_dump."""
    rng = random.Random(SEED)
    pool = bytes(text_pool(rng, 4 * MIB)).replace(b"\n", b" ").decode()
    with open(path / "dump.sql", "w", encoding="ascii") as file:
        written = file.write("--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\n\n"
                             "COPY public.orders (id, customer, placed, amount, email, note) FROM stdin;\n")
        number = 0
        while written < size:
            number += 1
            begin = rng.randrange(len(pool) - 100)
            customer = rng.randrange(100_000)
            second = number * 7
            written += file.write(
                f"{number}\t{customer}\t2026-{second // 2_419_200 % 12 + 1:02}-{second // 86_400 % 28 + 1:02} "
                f"{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}+00\t{rng.randrange(1_000_000) / 100}"
                f"\tuser{customer}@example.org\t{pool[begin:begin + rng.randrange(100)]}\n")
        file.write("\\.\n\n--\n-- PostgreSQL database dump complete\n--\n")


def make_mixed(path, size):
    """What this machine has: documents, headers, then libraries and programs as far as the size goes. Which ones
    is drawn by lot, so that small trees are mixed as well; no single file is more than a sixteenth."""
    rng = random.Random(SEED)
    left = size
    for root, share in (("/usr/share/doc", 4), ("/usr/include", 4), ("/usr/lib", 1), ("/usr/share", 1)):
        files = [os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names]
        files.sort()
        rng.shuffle(files)
        budget = left if share == 1 else size // share
        for file in files:
            if budget <= 0:
                break
            state = os.lstat(file)
            if state.st_size > min(budget, size // 16) or not fit(file, state):
                continue
            copy = path / file[1:]
            copy.parent.mkdir(parents=True, exist_ok=True)
            if not os.path.lexists(copy):
                shutil.copy2(file, copy, follow_symlinks=False)
                budget -= state.st_size
                left -= state.st_size
    # Times of this moment have nanoseconds, which installed folders do not, and an archive has to keep them.
    for folder, _, _ in os.walk(path, topdown=False):
        source = "/" + os.path.relpath(folder, path)
        if os.path.isdir(source):
            state = os.stat(source)
            os.utime(folder, ns=(state.st_atime_ns, state.st_mtime_ns))


def fit(file, state):
    return stat.S_ISLNK(state.st_mode) or stat.S_ISREG(state.st_mode) and os.access(file, os.R_OK)
