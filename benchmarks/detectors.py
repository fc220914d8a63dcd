"""Each detector over made-up rides: `python -m benchmarks.detectors --seeds 0:2 --write`.

Recall is counted on the families that make a detector's own signature happen, over the cases in which the logs let it
look; false findings over the healthy families. Only findings of severity warning or above count, as information is no
alarm. With `--write` the table goes to `docs/detector_scores.md`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.incidents import run

_PAGE: Final = Path(__file__).parent.parent / "docs" / "detector_scores.md"
_OPENED_UNDER_LOAD: Final = (
    "undervoltage-trip",
    "undervoltage-trip-weak-cell",
    "undervoltage-trip-cold",
    "overcurrent-trip",
    "overcurrent-trip-recovers",
    "overcurrent-trip-kills",
    "short-circuit-trip",
    "overtemperature-trip-board",
    "overtemperature-trip-cells",
    "commanded-off-riding",
    "commanded-off-kills",
)
_CONNECTORS: Final = ("connector-opens-under-load", "connector-burns-open", "connector-flickers")
_OPENED_IN_REGEN: Final = (
    "charge-fets-off-regen",
    "charge-fets-off-kills",
    "cell-overvoltage-opens-regen",
    "charge-overcurrent-opens-regen",
    "cold-charge-lock-regen",
    "charge-fet-flip-regen",
)
_FAULTED: Final = ("power-stage-dies", "gate-driver-trips", "phase-lead-fault", "encoder-fails", "observer-loses-rotor")

#: Detector to the families that make what it looks for happen, whatever the verdict is.
SIGNATURES: Final[Mapping[str, tuple[str, ...]]] = {
    "power-path-open": (*_OPENED_UNDER_LOAD, *_CONNECTORS, "antispark-switch-off"),
    "bms-trip": (*_OPENED_UNDER_LOAD, "loose-sense-wire-trip"),
    "bms-charge-path": _OPENED_IN_REGEN,
    "bms-stayed-on": _CONNECTORS,
    "regen-overvoltage": (*_OPENED_IN_REGEN, "connector-opens-in-regen", "full-pack-regen-fault"),
    "regen-headroom": ("full-pack-regen-overcharge",),
    "bus-swings": ("bus-capacitors-broken",),
    "controller-faults": (*_FAULTED, "absolute-limit-too-low"),
    "fault-listing": (*_FAULTED, "absolute-limit-too-low", "bus-capacitors-broken"),
    "controller-restart": ("logic-brownout",),
    "thermal-limit": ("fet-thermal-limit", "motor-thermal-limit"),
    "low-voltage-cutoff": ("low-voltage-cutoff", "cutoff-set-too-high"),
    "pack-resistance": ("worn-pack",),
    "path-resistance": ("thin-lead",),
    "weak-cell-group": ("weak-group", "dead-parallel-cell", "undervoltage-trip-weak-cell"),
    "high-resistance-joint": ("bad-weld",),
    "cell-imbalance": ("imbalance-one-group", "imbalance-never-balanced"),
    "self-discharge": ("self-discharge-parked", "self-discharge-records"),
    "sense-wiring": ("tap-cold-joint", "tap-behind-strap", "sense-wire-broken", "loose-sense-wire-trip"),
    "series-count": ("series-count-high", "series-count-low"),
    "soc-meter": ("soc-too-high", "soc-too-low", "soc-jump"),
    "pwm-saturation": ("wheel-overspeed-fall", "board-nosedive"),
    "remote-loss": ("remote-lost",),
    "frozen-telemetry": ("board-frozen", "controller-frozen"),
    "implausible-values": ("board-garbage",),
    "controller-configuration-check": ("cutoff-set-too-high", "voltage-limit-too-low", "absolute-limit-too-low"),
    "bms-heat": ("overtemperature-trip-board", "overtemperature-trip-cells", "board-too-hot"),
    "foot-sensor": ("foot-sensor-lets-go",),
    "charge-session": ("charger-without-taper", "charger-set-too-high"),
    "parasitic-drain": ("parked-drain", "parked-drain-before-shunt"),
    "balancer": ("balancer-never-starts", "balancer-without-effect", "balancer-burns"),
    "deep-discharge": ("deep-discharged-pack", "deep-discharged-groups", "undervoltage-ignored"),
    "current-envelope": ("overcurrent-ignored",),
}


def alarms(row: dict[str, Any], detector: str) -> int:
    """How many findings of severity warning or above a detector made in a case."""
    return sum(severity != "info" for severity in row["checks"][detector][1:])


def table(rows: Sequence[dict[str, Any]], names: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """One line a detector: cases of its signature, those it could look at, recall, healthy rides looked at, false."""
    healthy = [row for row in rows if row["healthy"]]
    for name in names:
        own = [row for row in rows if row["family"] in SIGNATURES.get(name, ())]
        seen = [row for row in own if row["checks"][name][0] != "unable" and name not in row["blind"]]
        hits = sum(alarms(row, name) > 0 for row in seen)
        quiet = [row for row in healthy if row["checks"][name][0] != "unable"]
        hours = sum(row["duration_s"] for row in quiet) / 3600
        false = sum(alarms(row, name) for row in quiet)
        yield (
            name,
            str(len(own)) if own else "-",
            str(len(seen)) if own else "-",
            f"{hits / len(seen):.2f}" if seen else "-",
            str(len(quiet)),
            f"{hours:.1f}",
            str(false),
            f"{100 * false / hours:.1f}" if hours else "-",
        )


def page(lines: Sequence[tuple[str, ...]], results: Sequence[dict[str, Any]]) -> str:
    """The table as a page of the documentation."""
    rows = [row for row in results if "broken" not in row]
    incidents = sum(not row["healthy"] for row in rows)
    head = ("detector", "cases", "could look", "recall", "healthy rides", "hours", "false", "false per 100 h")
    return "\n".join(
        [
            "# Detectors over made-up rides",
            "",
            f"Written by `python -m benchmarks.detectors --write` ({_drawn(rows)}):",
            f"{incidents} incidents and {len(rows) - incidents} healthy rides of the simulator, analyzed from their files.",
            "All of it is synthetic; it says how the detectors do on what the simulator can make, not how they do on real logs.",
            f"Cases left out because they could not be analyzed: {len(results) - len(rows)}.",
            "",
            "- **cases**: rides in which the detector's own signature happened; `-` where the simulator makes none.",
            "- **could look**: those in which it did not say itself that it is unable, or that its first evidence cannot be",
            "  observed in these logs. **recall**: share of them with a finding of severity warning or above.",
            "- **healthy rides, hours**: rides with nothing wrong that it could look at, parked and charging ones with them.",
            "- **false**: findings of severity warning or above in these, and their rate.",
            "",
            "Where few could look, one more miss or false finding moves a number far: compare the counts, not the decimals.",
            "",
            f"| {' | '.join(head)} |",
            f"|{'---|' * len(head)}",
            *(f"| {' | '.join(line)} |" for line in lines),
            "",
        ]
    )


def _drawn(results: Sequence[dict[str, Any]]) -> str:
    """Which seeds and variants rows were drawn with, incidents and healthy rides apart."""
    parts = []
    for title, healthy in (("incidents", False), ("healthy rides", True)):
        seeds = sorted({row["seed"] for row in results if row["family"].startswith("healthy") is healthy})
        parts.append(f"{title} of seeds {seeds[0]}:{seeds[-1] + 1}" if seeds else f"no {title}")
    variants = ", ".join(sorted({str(row["variant"]) for row in results}))
    return f"{' and '.join(parts)}, variant {variants}"


def main() -> None:
    from ridelog import plugins
    from ridelog.simulate.catalogue import families

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="0:2", help="FIRST:LAST, the last not included")
    parser.add_argument("--variant", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--save", type=Path, help="write every case as JSON")
    parser.add_argument("--rows", type=Path, action="append", default=[], help="rows saved by benchmarks.incidents")
    parser.add_argument("--write", action="store_true", help=f"write {_PAGE.name} in docs/")
    arguments = parser.parse_args()
    first, last = (int(part) for part in arguments.seeds.split(":"))
    known = {family.name for family in families()}
    unknown = {name for those in SIGNATURES.values() for name in those} - known
    if unknown:
        parser.error(f"the simulator has no {', '.join(sorted(unknown))}.")
    if arguments.rows:
        results = [row for path in arguments.rows for row in json.loads(path.read_text(encoding="utf-8"))]
    else:
        results = run(sorted(known), range(first, last), arguments.variant, arguments.jobs)
    if arguments.save:
        arguments.save.write_text(json.dumps(results, indent=0))
    broken = [row for row in results if "broken" in row]
    rows = [row for row in results if "broken" not in row]
    lines = list(table(rows, [detector.name for detector in plugins.detectors()]))
    text = page(lines, results)
    print(text)
    for row in broken:
        print(f"broken: {row['family']} seed {row['seed']}: {row['broken']}")
    if arguments.write:
        _PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
