"""The folder that a bench writes into, and that is gone at its end, also on Ctrl-C and SIGTERM."""
import contextlib
import pathlib
import shutil
import signal
import sys
import tempfile


def ignore_signals():
    """Cleaning up millions of files takes its time; nobody shall be able to leave half of them."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def break_off(number, _):
    """The first signal ends the bench, by an exception."""
    ignore_signals()
    print("broken off", file=sys.stderr)
    sys.exit(128 + number)


@contextlib.contextmanager
def scratch(parent):
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, break_off)
    parent = pathlib.Path(parent).resolve()
    parent.mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="snapshotter-bench-", dir=parent))
    try:
        yield folder
    finally:
        ignore_signals()
        print(f"removing {folder}", file=sys.stderr, flush=True)
        remove(folder)


def remove(folder):
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        print(f"could not remove all of {folder}", file=sys.stderr)


def main(run):
    """Runs a bench: errors that a user can mend are one line and exit status 1, a break 130."""
    from measure import Failed
    from trees import Trouble
    try:
        sys.exit(run())
    except (Trouble, Failed) as error:
        print(f"{pathlib.Path(sys.argv[0]).stem}: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        print(f"{pathlib.Path(sys.argv[0]).stem}: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("broken off", file=sys.stderr)
        sys.exit(130)
