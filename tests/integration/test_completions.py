"""The completion of shells, typed into them: the names come from a real daemon."""
import os
import pathlib
import shlex
import subprocess
import threading

from daemon_fixture import BIN, LIMIT, DaemonTest, wait_for

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "packaging/completions"
TAB, SHOW = b"\t", b"\x14"  # Control-T writes what stands on the line into a file, and clears it

BASH = """
. {scripts}/snapshotctl.bash
show() {{ printf %s "$READLINE_LINE" >{out}.new; mv {out}.new {out}; READLINE_LINE=; }}
bind -x '"\\C-t": show'
PROMPT_COMMAND='touch {ready}'
"""
ZSH = """
fpath=({scripts} $fpath)
autoload -Uz compinit && compinit -u -D
show() {{ print -rn -- "$BUFFER" >{out}.new; mv {out}.new {out}; BUFFER= }}
zle -N show && bindkey '^T' show
precmd() {{ touch {ready} }}
"""


class Shell:
    """An interactive shell on a terminal of its own."""

    def __init__(self, test, command, start_file, text):
        self.out, self.ready = test.folder / "line", test.folder / "ready"
        start_file.write_text(text.format(scripts=shlex.quote(str(SCRIPTS)), out=self.out, ready=self.ready))
        self.master, slave = os.openpty()
        environment = {**test.environment, "PATH": f"{BIN}:{os.environ['PATH']}", "ZDOTDIR": str(test.folder),
                       "TERM": "dumb", "HISTFILE": "/dev/null"}
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment,
                                        cwd=test.folder, start_new_session=True)
        os.close(slave)
        self.shown = b""
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        test.addCleanup(self.end)
        wait_for(self.ready.exists, "the prompt")

    def read(self):
        try:
            while data := os.read(self.master, 4096):
                self.shown += data
        except OSError:
            pass  # the shell has closed its end

    def end(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        os.close(self.master)

    def complete(self, line):
        """The line after Tab."""
        os.write(self.master, line.encode() + TAB + SHOW)
        wait_for(self.out.exists, f"the completion of {line}: {self.shown[-500:]}")
        text = self.out.read_text()
        self.out.unlink()
        return text


class TestCompletions(DaemonTest):
    maxDiff = None

    def setUp(self):
        super().setUp()
        (self.source / "file").write_text("content")
        self.configure(jobs={"nightly": {"targets": ["files"]}},
                       notifiers={"ops": {"type": "webhook", "url": "http://127.0.0.1:9"}})
        self.start()
        self.run_id = self.run_job()["id"]
        (backup,) = self.ctl_json("backups")
        self.backup = backup["id"]
        # A name with a blank in it, and nothing like it.
        self.folder.joinpath("spare disk").mkdir()
        self.folder.joinpath("spare disk", "a.tar.gz").write_text("")

    def cases(self):
        ctl = "snapshotctl --bus session "
        return {
            "snapshotctl ba": "snapshotctl backups ",
            "snapshotctl chec": "snapshotctl check-config ",
            "snapshotctl --bus se": "snapshotctl --bus session ",
            "snapshotctl --vers": "snapshotctl --version ",
            ctl + "resc": ctl + "rescan ",
            ctl + "run ni": ctl + "run nightly ",
            ctl + "job ni": ctl + "job nightly ",
            ctl + "prune ni": ctl + "prune nightly ",
            ctl + "run nightly --fol": ctl + "run nightly --follow ",
            "snapshotctl run --bus session ni": "snapshotctl run --bus session nightly ",
            ctl + "show 2": ctl + f"show {self.run_id} ",
            ctl + "cancel 2": ctl + f"cancel {self.run_id} ",
            ctl + "verify ni": ctl + f"verify {self.backup} ",
            ctl + "verify --al": ctl + "verify --all ",
            ctl + "restore ni": ctl + f"restore {self.backup} ",
            ctl + f"restore {self.backup} --no-v": ctl + f"restore {self.backup} --no-verify ",
            ctl + "restore nightly/files --to spa": ctl + "restore nightly/files --to spare\\ disk/",
            ctl + "restore spare\\ disk/a": ctl + "restore spare\\ disk/a.tar.gz ",
            "snapshotctl not": "snapshotctl notify ",
            ctl + "notify te": ctl + "notify test ",
            ctl + "notify test o": ctl + "notify test ops ",
            "snapshotctl next --time": "snapshotctl next --timezone ",
            "snapshotctl runs --since yes": "snapshotctl runs --since yesterday ",
            "snapshotctl check-config --config snap": "snapshotctl check-config --config snapshotterd.yaml ",
            # What nobody knows stays as it was typed.
            "snapshotctl fro": "snapshotctl fro",
            ctl + "run zzz": ctl + "run zzz",
        }

    def check(self, shell):
        self.assertEqual({line: shell.complete(line) for line in self.cases()}, self.cases())
        self.stop()
        # The daemon is away: nothing is offered, and nothing is said in the middle of the line.
        shell.shown = b""
        line = "snapshotctl --bus session run ni"
        self.assertEqual(shell.complete(line), line)
        self.assertNotIn(b"cannot", shell.shown)

    def test_bash(self):
        rc = self.folder / "bashrc"
        self.check(Shell(self, ["bash", "--noprofile", "--rcfile", str(rc), "-i"], rc, BASH))

    def test_zsh(self):
        self.check(Shell(self, ["zsh", "--no-global-rcs", "-i"], self.folder / ".zshrc", ZSH))

    def test_fish(self):
        # fish tells what it would offer: the candidates for the last word.
        def offered(line):
            script = f"source {SCRIPTS}/snapshotctl.fish; complete --do-complete $argv[1]"
            done = subprocess.run(
                ["fish", "--no-config", "--command", script, line], capture_output=True, text=True, timeout=LIMIT,
                cwd=self.folder, env={**self.environment, "PATH": f"{BIN}:{os.environ['PATH']}"})
            self.assertEqual((done.returncode, done.stderr), (0, ""), line)
            return [text.split("\t")[0] for text in done.stdout.splitlines()]

        for line, whole in self.cases().items():
            kept, last = line.rsplit(" ", 1) if "\\ " not in line else line.split(" spare", 1)
            expected = [] if whole == line else [whole.removeprefix(kept).strip().replace("\\ ", " ")]
            self.assertEqual(offered(line), expected, line)
        self.stop()
        self.assertEqual(offered("snapshotctl --bus session run ni"), [])
