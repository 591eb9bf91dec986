#!/usr/bin/env python3
"""Holds the documents of events to their JSON Schema: check_event_schema.py SCHEMA PROGRAM

PROGRAM prints a document a line. Stricter than the schema, which lets later versions add keys: a key
that it does not describe is an error here, and one that no document fills.
"""
import datetime
import json
import subprocess
import sys

import jsonschema

LONGEST_TEXT, LONGEST_MESSAGE, MOST_LISTED = 4000, 1000, 500


def close(schema):
    """Forbids what is not described, everywhere."""
    for part in schema.get("properties", {}).values():
        close(part)
    if "items" in schema:
        close(schema["items"])
    if "properties" in schema:
        schema["additionalProperties"] = False


def paths(schema, prefix=""):
    for key, part in schema.get("properties", {}).items():
        yield f"{prefix}{key}"
        yield from paths(part, f"{prefix}{key}.")
        yield from paths(part.get("items", {}), f"{prefix}{key}.")


def filled(value, prefix=""):
    """The paths that have a value, after checking what a schema can't say of it."""
    if isinstance(value, dict):
        for key, part in value.items():
            if part is not None and part != []:
                yield f"{prefix}{key}"
            yield from filled(part, f"{prefix}{key}.")
    elif isinstance(value, list):
        assert len(value) <= MOST_LISTED, f"{prefix} has {len(value)} elements"
        for part in value:
            yield from filled(part, prefix)
    elif isinstance(value, str):
        assert len(value.encode()) <= LONGEST_TEXT, f"{prefix} is {len(value)} long"
        assert value.isprintable(), f"{prefix} is no line: {value[:100]!r}"
        if prefix.endswith("_at.") or prefix in ("at.", "overdue.since."):
            assert datetime.datetime.fromisoformat(value.replace("Z", "+00:00")).tzinfo


def main():
    schema_path, program = sys.argv[1:]
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    described = set(paths(schema))
    close(schema)
    validator = jsonschema.Draft202012Validator(schema)
    lines = subprocess.run([program], check=True, capture_output=True).stdout.decode().splitlines()
    seen, problems = set(), []
    for line in lines:
        document = json.loads(line)
        for error in validator.iter_errors(document):
            problems.append(f"{document['event']}: {error.json_path}: {error.message[:200]}")
        seen.update(filled(document))
        assert len(document["message"].encode()) <= LONGEST_MESSAGE
    kinds = {json.loads(line)["event"] for line in lines}
    problems += [f"no document of {kind}" for kind in schema["properties"]["event"]["enum"]
                 if kind not in kinds]
    problems += [f"no document fills {path}" for path in sorted(described - seen)]
    print("\n".join(problems) or f"event schema: {len(lines)} documents are as it says")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
