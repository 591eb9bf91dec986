"""Holds the descriptions of the packages to what is installed.

SNAPSHOTTER_BUILD: the build folder.
"""
import fnmatch
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SNAPSHOTTER_BUILD", ROOT / "build"))
SPEC = (ROOT / "packaging/rpm/snapshotterd.spec").read_text()
MACROS = {"_bindir": "/usr/bin", "_datadir": "/usr/share", "_mandir": "/usr/share/man", "_docdir": "/usr/share/doc",
          "_prefix": "/usr", "_sysconfdir": "/etc", "_unitdir": "/usr/lib/systemd/system",
          "_sysusersdir": "/usr/lib/sysusers.d", "_tmpfilesdir": "/usr/lib/tmpfiles.d"}
# Where a build for /usr puts what one for /usr/local puts elsewhere.
MOVED = {"/usr/local": "/usr", "/etc/dbus-1/system.d": "/usr/share/dbus-1/system.d",
         "/etc/polkit-1": "/usr/share/polkit-1",
         "/usr/share/zsh/vendor-completions": "/usr/share/zsh/site-functions"}


def installed():
    """The files of `cmake --install`, under the names that a package for /usr gives them."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["cmake", "--install", str(BUILD)], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "DESTDIR": folder})
        for path in pathlib.Path(folder).rglob("*"):
            if not path.is_file():
                continue
            name = "/" + str(path.relative_to(folder))
            for before, after in MOVED.items():
                name = name.replace(before, after, 1) if name.startswith(before) else name
            yield name


def listed():
    """What %files lists."""
    for line in SPEC.split("%files\n")[1].split("\n\n")[0].splitlines():
        name = line.split()[-1]
        for macro, value in MACROS.items():
            name = name.replace(f"%{{{macro}}}", value)
        if name.startswith("/"):
            yield name


class TestPackages(unittest.TestCase):
    def test_one_version(self):
        version = re.search(r"project\(snapshotter VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
        self.assertIn(f"\nVersion:        {version}\n", SPEC)
        self.assertIn(f"> - {version}-", SPEC)

    def test_the_spec_lists_what_is_installed(self):
        files, patterns = list(installed()), list(listed())
        self.assertGreater(len(files), 10)

        def covers(pattern, file):
            return fnmatch.fnmatch(file, pattern) or file.startswith(pattern.rstrip("/") + "/")

        self.assertEqual([f for f in files if not any(covers(p, f) for p in patterns)], [], "not in %files")
        dirs = [p for p in patterns if p.endswith("/conf.d")]
        self.assertEqual([p for p in patterns if p not in dirs and not any(covers(p, f) for f in files)], [],
                         "in %files, but not installed")

    def test_the_packages_are_of_one_description(self):
        control = (ROOT / "packaging/debian/control").read_text()
        summary = re.search(r"^Description: (.*)$", control, re.MULTILINE).group(1)
        self.assertIn(f"Summary:        {summary[0].upper()}{summary[1:]}\n", SPEC)


if __name__ == "__main__":
    unittest.main()
