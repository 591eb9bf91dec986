"""From measurements to medians, ratios, JSON and Markdown."""
import json
import pathlib
import re
import statistics

import machine

TITLES = {"backup": "Backup", "restore": "Restore", "fetch": "One file from the middle"}


def summary(measurements, baseline):
    """Of each action and contender: medians, extremes, ratios to the baseline (above 1: better than it).
    Ratios are None where the baseline was not measured."""
    groups = {}
    for m in measurements:
        groups.setdefault((m["action"], m["contender"]), []).append(m)
    rows = []
    for (action, contender), samples in groups.items():
        row = {"action": action, "contender": contender, "rounds": len(samples)}
        for key in ("wall", "cpu", "peak", "bytes"):
            values = [s[key] for s in samples]
            row[key] = statistics.median(values)
            row[f"{key}_min"], row[f"{key}_max"] = min(values), max(values)
        rows.append(row)
    for row in rows:
        base = next((r for r in rows if r["action"] == row["action"] and r["contender"] == baseline), None)
        for key in ("wall", "cpu", "bytes"):
            row[f"{key}_ratio"] = base[key] / row[key] if base and row[key] else None
    return rows


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|---" + "|--:" * (len(header) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def seconds(row, key):
    """The median, and between which values it stands when there are several."""
    digits = 1 if row[key] >= 10 else 2
    text = f"{row[key]:.{digits}f}"
    if row["rounds"] > 1:
        text += f" ({row[f'{key}_min']:.{digits}f}–{row[f'{key}_max']:.{digits}f})"
    return text


def ratio(value):
    return "–" if value is None else f"{value:.2f}" if value < 10 else f"{value:.0f}"


def action_table(rows, action, baseline):
    header = ["", "wall s", "CPU s", "peak MiB"]
    header += ["output MB"] if action == "backup" else []
    header += ["× faster", "× less CPU"] + (["× smaller"] if action == "backup" else [])
    lines = []
    for row in (r for r in rows if r["action"] == action):
        name = f"**{row['contender']}**" if row["contender"].startswith("ours") else row["contender"]
        line = [name, seconds(row, "wall"), seconds(row, "cpu"), f"{row['peak'] / 2**20:.0f}"]
        line += [f"{row['bytes'] / 1e6:.1f}"] if action == "backup" else []
        line += [ratio(row["wall_ratio"]), ratio(row["cpu_ratio"])]
        line += [ratio(row["bytes_ratio"])] if action == "backup" else []
        lines.append(line)
    return f"{TITLES[action]} (ratios against {baseline}):\n\n{table(header, lines)}\n" if lines else ""


def compare_markdown(result):
    """The whole report of compare."""
    baseline = result["baseline"]
    parts = [machine.describe(result["machine"])]
    for tree in result["trees"]:
        parts.append(f"### {tree['name']}: {tree['files']:,} files, {tree['bytes'] / 1e6:,.1f} MB, "
                     f"{result['rounds']} round{'s' if result['rounds'] > 1 else ''}")
        parts += [text for action in TITLES if (text := action_table(tree["summary"], action, baseline))]
    parts.append("\n".join(f"- {name}: {about}" for name, about in result["contenders"].items()))
    parts.append("Versions: " + "; ".join(sorted(set(result["versions"].values()))) + ".")
    if result["left_out"]:
        parts.append("Left out: " + "; ".join(f"{name}: {why}" for name, why in result["left_out"].items()) + ".")
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def write(result, markdown, out, name):
    """Writes DATE-NAME.json and .md into the folder `out`; prints the latter."""
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    date = re.sub("[-:]", "", result["machine"]["date"])
    stem = out / re.sub(r"[^\w.-]+", "-", f"{date}-{name}")
    for suffix, text in ((".json", json.dumps(result, indent=1) + "\n"), (".md", markdown)):
        pathlib.Path(f"{stem}{suffix}").write_text(text, encoding="utf-8")
    print(f"\n{markdown}\n{stem}.json\n{stem}.md", flush=True)
