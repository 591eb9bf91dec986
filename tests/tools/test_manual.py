"""Holds the manual to the programs: what they take is described, what is described they take.

SNAPSHOTTER_BUILD: the build folder.
"""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SNAPSHOTTER_BUILD", ROOT / "build"))
BIN, PAGES = BUILD / "bin", BUILD / "packaging/man"
COMPLETIONS = ("_snapshotctl", "snapshotctl.bash", "snapshotctl.fish")
GETTERS = ("text|secret|boolean|integer|fraction|size|duration|texts|choice|required_text|path|paths|node|section|"
           "require|problem")


def source(page):
    return (ROOT / "packaging/man" / f"{page}.scd").read_text()


def run(*command, **options):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=60, **options)


def code_of(*folders):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.cpp")):
            yield path.relative_to(ROOT), path.read_text()


def keys_in_code():
    """Every key of the configuration that is read anywhere, and where."""
    patterns = (rf'\.(?:{GETTERS})\(\s*"([a-z_]+)"',
                r'\bread_\w+\(\s*\w+,\s*"([a-z_]+)"',
                r'\{"([a-z_]+)", &\w+::')
    keys = {}
    for path, text in code_of("lib/config", "lib/store", "lib/target", "lib/notify", "lib/http"):
        for pattern in patterns:
            for key in re.findall(pattern, text):
                keys.setdefault(key, path)
    return keys


def keys_in_manual():
    """The keys that have an entry of their own: "*daily*, *weekly* (number)"."""
    text = source("snapshotterd.yaml.5").split("# DAEMON", 1)[1].split("# SCHEDULES", 1)[0]
    keys = {"daemon", "logging", "stores", "targets", "jobs", "notifiers"}
    for line in re.findall(r"^\t*(\*[a-z_]+\*(?:, \*[a-z_]+\*)*) \(", text, re.MULTILINE):
        keys.update(re.findall(r"[a-z_]+", line))
    return keys


def help_of(*command):
    done = run(BIN / command[0], *command[1:], "--help")
    assert done.returncode == 0, done
    return done.stdout


def options_in(text):
    """Long and short options of a --help; its examples do not count."""
    text = text.split("Examples:")[0]
    found = re.findall(r"^  (-\w)?,?(--[a-z-]+)", text, re.MULTILINE)
    return {option for pair in found for option in pair if option and option != "-h"}


def verbs():
    part = help_of("snapshotctl").split("Subcommands:")[1].split("\n\n")[0]
    return re.findall(r"^  ([a-z-]+) ", part, re.MULTILINE)


def options_of_verb(verb):
    return options_in(help_of("snapshotctl", verb)) - {"--help", "--bus", "--json"}


class TestManual(unittest.TestCase):
    maxDiff = None

    def test_configuration_keys(self):
        code, manual = keys_in_code(), keys_in_manual()
        self.assertGreater(len(code), 40, "the pattern finds them no more")
        self.assertEqual({k: str(p) for k, p in code.items() if k not in manual}, {},
                         "read by the code, but without an entry in snapshotterd.yaml.5.scd")
        self.assertEqual(manual - set(code), set(), "in snapshotterd.yaml.5.scd, but read nowhere")

    def test_words_that_keys_choose_from(self):
        manual = source("snapshotterd.yaml.5")

        def has(words, why):
            self.assertTrue(words in manual, f"snapshotterd.yaml.5.scd does not say {words} ({why})")

        for path, text in code_of("lib/config", "lib/store", "lib/target", "lib/notify", "lib/http"):
            for key, words in re.findall(r'choice\("(\w+)",\s*\{([^}]*)\}', text):
                for word in re.findall(r'"([^"]*)"', words):
                    has(f"*{word}*", f"{key} in {path}")
            for kind in re.findall(r'\.add\("([a-z]+)"', text):
                has(f"## type: {kind}", path)
        events = (ROOT / "lib/notify/event.cpp").read_text().split("kNames{")[1].split("}")[0]
        for event in set(re.findall(r'"(\w+)"', events)) - {"test"}:
            has(f"*{event}*", "an event")

    def test_examples_are_right(self):
        examples = re.findall(r"^```\n(.*?)^```$", source("snapshotterd.yaml.5").split("# EXAMPLES")[1],
                              re.MULTILINE | re.DOTALL)
        self.assertGreater(len(examples), 0)
        for example in examples:
            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder, "snapshotterd.yaml")
                path.write_text(example)
                names = set(re.findall(r"\$\{([A-Z_]+)\}", example))
                for name in re.findall(r"\$\{credential:([\w-]+)\}", example):
                    pathlib.Path(folder, name).write_text("https://example.org/")
                environment = {**os.environ, "CREDENTIALS_DIRECTORY": folder,
                               **{name: "https://example.org/" for name in names}}
                done = run(BIN / "snapshotterd", "--check-config", "--config", path, env=environment)
                self.assertEqual(done.returncode, 0, example + done.stderr)
                self.assertNotIn("warning", done.stdout)

    def test_options_of_the_daemon(self):
        page = source("snapshotterd.8")
        for option in options_in(help_of("snapshotterd")):
            self.assertRegex(page, rf"(?m)^\*.*\*{option}\*|^\*{option}\*")

    def test_verbs_and_options_of_the_tool(self):
        page = source("snapshotctl.1")
        known = set()
        self.assertIn("status", verbs())
        for option in options_in(help_of("snapshotctl")):
            self.assertIn(f"*{option}*", page)
        for verb in verbs():
            entry = re.search(rf"(?ms)^\*{verb}\*[^\n]*$.*?(?=^[*#])", page.replace("++\n*", "++\n "))
            self.assertIsNotNone(entry, f"{verb} has no entry in snapshotctl.1.scd")
            options = options_of_verb(verb)
            known |= options
            for option in options:
                self.assertIn(f"*{option}*", entry.group(0), f"of verb {verb}")
        known |= options_in(help_of("snapshotctl"))
        described = re.findall(r"^\t\*(--?[a-z-]+)\*(?:, \*(--[a-z-]+)\*)?", page, re.MULTILINE)
        self.assertEqual({o for pair in described for o in pair if o} - known, set(), "taken by no verb")

    def test_completions_know_every_verb_and_option(self):
        for name in COMPLETIONS:
            text = (ROOT / "packaging/completions" / name).read_text()
            words = set(re.findall(r"[a-z-]+", text))
            for verb in verbs():
                self.assertIn(verb, words, name)
                for option in options_of_verb(verb):
                    word = option.lstrip("-") if name.endswith(".fish") else option
                    self.assertIn(word, words, f"{verb} in {name}")

    def test_message_ids(self):
        header = (ROOT / "lib/telemetry/message_ids.hpp").read_text()
        ids = re.findall(r'"([0-9a-f]{32})"', header)
        self.assertGreater(len(ids), 5)
        self.assertEqual(len(ids), len(set(ids)))
        page = source("snapshotterd.8")
        self.assertEqual([i for i in ids if i not in page], [], "not in snapshotterd.8.scd")
        catalog = (ROOT / "systemd/snapshotterd.catalog").read_text()
        self.assertEqual(sorted(re.findall(r"^-- ([0-9a-f]{32})$", catalog, re.MULTILINE)), sorted(ids),
                         "systemd/snapshotterd.catalog is of other ids than message_ids.hpp")

    def test_the_catalog_is_one_for_journalctl(self):
        with tempfile.TemporaryDirectory() as folder:
            place = pathlib.Path(folder, "usr/lib/systemd/catalog")
            place.mkdir(parents=True)
            pathlib.Path(folder, "var/lib/systemd/catalog").mkdir(parents=True)
            (place / "snapshotterd.catalog").write_bytes((ROOT / "systemd/snapshotterd.catalog").read_bytes())
            done = run("journalctl", "--update-catalog", f"--root={folder}")
            self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))
            dump = run("journalctl", "--dump-catalog", f"--root={folder}")
            self.assertEqual(dump.returncode, 0, dump.stderr)
            entries = dump.stdout.split("\n-- ")
            header = (ROOT / "lib/telemetry/message_ids.hpp").read_text()
            for number in re.findall(r'"([0-9a-f]{32})"', header):
                (entry,) = [e for e in entries if number in e.replace("-", "")[:40]]
                for part in ("Subject: ", "Defined-By: Snapshotter", "Documentation: man:", "\n\n"):
                    self.assertIn(part, entry)

    def test_pages_are_clean(self):
        for name in ("snapshotterd.8", "snapshotctl.1", "snapshotterd.yaml.5", "org.snapshotter1.5"):
            done = run("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", PAGES / name,
                       env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80"})
            self.assertEqual((done.returncode, done.stderr), (0, ""), name)
            self.assertGreater(len(done.stdout), 2000)

    def test_the_page_of_the_interface_has_all_of_it(self):
        xml = (ROOT / "lib/bus/org.snapshotter1.xml").read_text()
        page = (PAGES / "org.snapshotter1.5.scd").read_text()
        for name in re.findall(r'<(?:method|property|signal|interface) name="([\w.]+)"', xml):
            self.assertRegex(page, rf"(?m)^(\*{re.escape(name)}\*|# {re.escape(name)}$)")


if __name__ == "__main__":
    unittest.main()
