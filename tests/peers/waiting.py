"""Waiting without sleeping for a fixed time."""
import time

LIMIT = 60.0  # seconds that only what is broken takes


def wait_for(condition, what, limit=LIMIT):
    """The first true value of condition(), asked for until then."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {limit} s for {what}")
        time.sleep(0.01)
