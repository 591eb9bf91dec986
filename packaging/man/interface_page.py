#!/usr/bin/env python3
"""Writes the man page of the D-Bus interface out of its XML, as scdoc(5).

    interface_page.py org.snapshotter1.xml org.snapshotter1.5.scd

A comment describes the element that follows it; the file's first comment is the page's description. What
stands here besides is what the XML has no place for.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree

EMITS = "org.freedesktop.DBus.Property.EmitsChangedSignal"
HEAD = """org.snapshotter1(5) "" "D-Bus interface of snapshotterd"

# NAME

org.snapshotter1 - the D-Bus interface of snapshotterd(8)

# DESCRIPTION

"""
TAIL = """# ACCESS

On the system bus callers are checked; who may not do what they ask for gets
*org.freedesktop.DBus.Error.AccessDenied*. On a session bus its owner may do everything. See *SECURITY* in
snapshotterd(8).

# EXAMPLES

```
busctl introspect org.snapshotter1 /org/snapshotter1
busctl call org.snapshotter1 /org/snapshotter1 org.snapshotter1.Manager TriggerRun s nightly
busctl call org.snapshotter1 /org/snapshotter1 org.snapshotter1.Manager ListRuns su nightly 10
busctl get-property org.snapshotter1 /org/snapshotter1/job/nightly org.snapshotter1.Job NextRun
busctl monitor org.snapshotter1
```

# FILES

_/usr/share/dbus-1/interfaces/org.snapshotter1.xml_
	The interface as D-Bus introspection data: what this page is made of, and what code is generated from.

# SEE ALSO

snapshotctl(1), snapshotterd(8), busctl(1)
"""


def scdoc(text):
    """Text of a comment as scdoc paragraphs."""
    paragraphs = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        line = " ".join(paragraph.split()).replace(" -json", " --json")
        line = re.sub(r"([\\_*])", r"\\\1", line)
        paragraphs.append(re.sub(r"(\S)\\_(?=\S)", r"\1_", line))
    return "\n\n".join(paragraphs)


def described(parent):
    """The elements of `parent`, each with the comment before it or ""."""
    comment = ""
    for child in parent:
        if child.tag is ElementTree.Comment:
            comment = scdoc(child.text)
        elif isinstance(child.tag, str):
            yield child, comment
            comment = ""


def arguments(element, direction):
    chosen = [a for a in element.iterfind("arg") if direction in (None, a.get("direction", "in"))]
    return ", ".join(f"{a.get('type')} _{a.get('name')}_" for a in chosen)


def title(element):
    name = f"*{element.get('name')}*"
    if element.tag == "method":
        out = arguments(element, "out")
        return f"{name}({arguments(element, 'in')})" + (f" → {out}" if out else "")
    if element.tag == "signal":
        return f"{name}({arguments(element, None)})"
    note = next((a.get("value") for a in element.iterfind("annotation") if a.get("name") == EMITS), "true")
    return f"{name} ({element.get('type')}" + (", never changes)" if note == "const" else ")")


def interface(element, comment):
    lines = [f"# {element.get('name')}", ""]
    if comment:
        lines += [comment, ""]
    for tag, heading in (("method", "Methods"), ("property", "Properties"), ("signal", "Signals")):
        entries = [(e, c) for e, c in described(element) if e.tag == tag]
        if entries:
            lines += [f"## {heading}", ""]
        for entry, text in entries:
            lines.append(title(entry))
            if text:
                lines.append("\t" + text.replace("\n\n", "\n\n\t"))
            lines.append("")
    return "\n".join(lines)


def main(source, page):
    builder = ElementTree.TreeBuilder(insert_comments=True)
    with open(source, encoding="utf-8") as file:
        xml = file.read()
    root = ElementTree.fromstring(xml, ElementTree.XMLParser(target=builder))
    # The parser drops what stands before the root.
    first = re.search(r"<!--(.*?)-->", xml, re.DOTALL).group(1)
    parts = [interface(e, c) for e, c in described(root) if e.tag == "interface"]
    with open(page, "w", encoding="utf-8") as file:
        file.write(HEAD + scdoc(first) + "\n\n" + "\n".join(parts) + "\n" + TAIL)


if __name__ == "__main__":
    main(*sys.argv[1:])
