"""The cases that tempt a backup program to hold something for each file, byte, link or folder.

Each maker gets an empty folder and a scale, and returns a target of the configuration and what it needs:
(target, bytes on disk for a restore, inodes for a restore, bytes of the archive at most).
"""
import os
import pathlib
import sys

import trees

SPARSE = 100 * 10**9
HOLE = 16 << 20  # from one piece of data to the next
DATA = 64 << 10
STREAM = 20 * 10**9
LINKS = 10_000
DEPTH = 100


def folder_target(folder):
    return {"type": "filesystem", "paths": [str(folder)]}


def files(folder, scale, cache):
    """A million files of 0 to 4 KiB."""
    tree = trees.make("tiny", cache, files=max(1, int(trees.TINY_FILES * scale)))
    return folder_target(tree.path), tree.blocks, tree.entries, tree.bytes


def sparse(folder, scale, cache):
    """One file of 100 GB with 64 KiB of data every 16 MiB."""
    size = max(HOLE, int(SPARSE * scale))
    with open(folder / "sparse.img", "wb", buffering=0) as file:
        file.truncate(size)
        for offset in range(0, size, HOLE):
            os.pwrite(file.fileno(), os.urandom(min(DATA, size - offset)), offset)
    data = -(-size // HOLE) * DATA
    return folder_target(folder), data, 2, data


def stream(folder, scale, cache):
    """A program that writes 20 GB."""
    size = max(1, int(STREAM * scale))
    program = pathlib.Path(__file__).with_name("stream.py")
    target = {"type": "command", "argv": [sys.executable, "-B", str(program), str(size)]}
    return target, size, 2, size // 2


def links(folder, scale, cache):
    """10,000 names of ten files, and 10,000 files of two names, all the first names before all the second."""
    count = max(10, int(LINKS * scale))
    for name in ("few", "first", "second"):
        (folder / name).mkdir()
    for i in range(count):
        name = folder / "few" / f"{i:05}"
        if i < 10:
            name.write_text(f"{i}\n")
        else:
            name.hardlink_to(folder / "few" / f"{i % 10:05}")
        first = folder / "first" / f"a-rather-long-name-of-a-file-{i:05}"
        first.write_text(f"{i}\n")
        (folder / "second" / first.name).hardlink_to(first)
    return folder_target(folder), count * trees.BLOCK, count, count * 4096


def deep(folder, scale, cache):
    """100 folders in one another, with long names and three files in each."""
    path = folder
    for i in range(max(1, int(DEPTH * scale))):
        path = path / f"folder-number-{i:03}-of-the-deep"
        path.mkdir()
        for j in range(3):
            (path / f"file-{j}").write_text(f"{i} {j}\n")
    return folder_target(folder), 4 * DEPTH * trees.BLOCK, 4 * DEPTH, 4 * DEPTH * 8192


ALL = {"files": files, "sparse": sparse, "stream": stream, "links": links, "deep": deep}
