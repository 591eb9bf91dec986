"""What installing, upgrading, removing and purging the package leaves: package.sh, in a booted system."""
import os
import pathlib
import unittest

from container import Container


class TestPackage(unittest.TestCase):
    def test_what_each_step_leaves(self):
        box = Container(os.environ["SNAPSHOTTER_ROOT"])
        self.addCleanup(box.close)
        box.boot()
        box.put(os.environ["SNAPSHOTTER_PACKAGE"], "/snapshotterd.deb")
        box.put(pathlib.Path(__file__).with_name("package.sh"), "/package.sh")
        done = box.run("bash", "/package.sh", "/snapshotterd.deb", check=None)
        self.assertEqual(done.returncode, 0, f"{done.stdout}\n{done.stderr}")
        self.assertIn("ok ", done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
