#!/usr/bin/env python3
"""Writes so many bytes that compress about three to one to standard output, faster than anything compresses:
what the scenario `stream` of memory.py has as its program."""
import random
import sys

from trees import SEED, dense

if __name__ == "__main__":
    with open(sys.stdout.fileno(), "wb", buffering=0) as output:
        for block in dense(random.Random(SEED), int(sys.argv[1])):
            block = memoryview(block)
            while block:
                block = block[output.write(block):]
