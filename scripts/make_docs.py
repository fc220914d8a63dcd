"""Write the docs pages that are made from the code: `python -m scripts.make_docs`; a test keeps them up to date."""

from __future__ import annotations

from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"


def pages() -> dict[str, str]:
    """File name in docs/ to its text."""
    from ridelog.diagnosis.pages import PAGES

    own = {"formats.md": formats(), "detectors.md": detectors(), "causes.md": causes()}
    return own | {name: page() for name, page in PAGES.items()}


def formats() -> str:
    """The table of formats."""
    from ridelog.cli.formats import markdown

    return markdown()


def detectors() -> str:
    """The documentation of every detector."""
    from ridelog import plugins

    parts = ["# Detectors", "", "Made from the detectors themselves; `ridelog explain CODE` prints one of them.", ""]
    for detector in sorted(plugins.detectors(), key=lambda item: item.code):
        parts += [f"## {detector.code} {detector.name}", "", detector.summary(), ""]
        for title, body in detector.sections().items():
            parts += [f"**{title}.** " + " ".join(body.split()), ""]
        if detector.rules:
            parts += [f"Handbook rules: {', '.join(detector.rules)}", ""]
    return "\n".join(parts).rstrip() + "\n"


def causes() -> str:
    """Every cause with the evidence for and against it."""
    from ridelog.diagnosis.causes import causes as table
    from ridelog.diagnosis.evidence import builtin_table

    parts = [
        "# Causes and their evidence",
        "",
        "Made from `ridelog/diagnosis/causes.toml` and `evidence.toml`. Weights are in nats: when seen / when it would have",
        "been seen and was not.",
        "",
    ]
    rows = builtin_table().rows.values()
    for cause in table().values():
        parts += [f"## {cause.id}", "", f"**{cause.title}.** {cause.summary}", ""]
        mine = sorted((row for row in rows if cause.id in row.weights), key=lambda row: -row.weights[cause.id][0])
        if mine:
            parts += ["| evidence | seen | absent | rules |", "| --- | --- | --- | --- |"]
            for row in mine:
                seen, absent = row.weights[cause.id]
                parts.append(f"| {row.id}: {row.observed} | {seen:+.1f} | {absent:+.1f} | {', '.join(row.rules)} |")
            parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def main() -> None:
    """Write the pages."""
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
        print(DOCS / name)


if __name__ == "__main__":
    main()
