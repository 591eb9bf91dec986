"""Prints what Python's tarfile sees in the tar archive on standard input, one line a member.

Fields are divided by tabs: name, type, mode, uid, gid, mtime, size, link target, digest of the content,
extended attributes. Text is in hex. The mtime is given as the pax record says it, since tarfile rounds.
"""
import hashlib
import os
import sys
import tarfile


def hexed(text):
    return os.fsencode(text).hex()


with tarfile.open(fileobj=sys.stdin.buffer, mode="r|", encoding="utf-8",
                  errors="surrogateescape") as archive:
    for member in archive:
        content = archive.extractfile(member).read() if member.isreg() else b""
        xattrs = sorted((key, value) for key, value in member.pax_headers.items()
                        if key.startswith("SCHILY."))
        print(hexed(member.name), member.type.decode(), oct(member.mode), member.uid, member.gid,
              member.pax_headers.get("mtime", int(member.mtime)), member.size,
              hexed(member.linkname), hashlib.sha256(content).hexdigest(),
              ",".join(hexed(key) + "=" + hexed(value) for key, value in xattrs), sep="\t")
