"""What a hostile network does to the rate of a good sender.

    scripts/hostile                              # all attacks, medians of three rounds, six minutes or so
    scripts/hostile --attacks silent,trickle --rounds 5
    scripts/hostile --large 2048                 # one object of 2048 MB, generated while it is sent; nothing else
    scripts/hostile --json hostile.json

A node is started on loopback for each round. DCMTK's storescu sends to it alone and beside an attack, in turns; every
object must be acknowledged. Wanted: 80 % of the rate, and nothing left in incoming. Attacks that come so many times
a second take processor time of their own, which counts where there are few cores. Exit code 1 where less is reached.
"""

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks import machine
from benchmarks.attacks import ATTACKS, Attack
from benchmarks.instances import KINDS, ensure
from benchmarks.large import BOUND, send_large
from benchmarks.resisting import Beside, Verdict, resist, verdict
from benchmarks.serving import Failed
from benchmarks.tables import short

from radnode.cli.progress import progress

WANTED = 0.8


def main(words: Sequence[str] | None = None) -> int:
    """The exit code."""
    options = _parser().parse_args(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return _large(options.large) if options.large else _run(options)
    except (Failed, TimeoutError) as failed:
        sys.stderr.write(f"{failed}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ",".join(attack.name for attack in ATTACKS)
    parser.add_argument("--attacks", default=names, help=f"of {names} (default: all)")
    parser.add_argument("--rounds", type=int, default=3, help="of which medians are taken (default 3)")
    parser.add_argument("--set", choices=("mr", "ct"), default="ct", help="what the good sender sends (default ct)")
    parser.add_argument("--objects", type=int, default=400, help="that it sends in a round, half of them alone")
    parser.add_argument("--large", type=int, metavar="MB", help="send one object of this size instead")
    parser.add_argument("--cache", type=Path, help="folder that keeps generated objects (default: in the temp folder)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every round's numbers")
    return parser


def _run(options: argparse.Namespace) -> int:
    attacks = _chosen(options.attacks)
    cache = (options.cache or Path(tempfile.gettempdir()) / "radnode-bench").absolute()
    cache.mkdir(parents=True, exist_ok=True)
    kind = next(kind for kind in KINDS if kind.key == options.set)
    files = ensure(kind, options.objects, cache)
    total, done = len(attacks) * options.rounds, 0
    with tempfile.TemporaryDirectory(prefix="radnode-hostile-") as work, progress("Resisting", total=total) as advance:

        def tell(attack: Attack, found: Beside) -> None:
            nonlocal done
            done += 1
            advance(done, total, f"{attack.title}: {found.beside / found.alone:.0%}")

        results = resist(attacks, options.rounds, files, Path(work), tell)
    verdicts = {attack: verdict(results[attack.name]) for attack in attacks}
    where = machine.describe(cache)
    print(f"{', '.join(f'{name} {value}' for name, value in where.items())}\n\n{table(verdicts)}", flush=True)
    if options.json:
        plain = {name: [asdict(one) for one in rounds] for name, rounds in results.items()}
        options.json.write_text(json.dumps({"machine": where, "results": plain}, indent=1) + "\n")
    return 0 if all(one.ratio >= WANTED and one.left == 0 for one in verdicts.values()) else 1


def _chosen(names: str) -> list[Attack]:
    known = {attack.name: attack for attack in ATTACKS}
    wanted = names.split(",")
    unknown = [name for name in wanted if name not in known]
    if unknown:
        sys.exit(f"no such attack: {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in wanted]


def table(verdicts: dict[Attack, Verdict]) -> str:
    """As Markdown."""
    lines = ["| beside | alone/s | beside/s | ratio | peak memory, MB | left in incoming/ |", "|---" * 6 + "|"]
    for attack, one in verdicts.items():
        numbers = f"{short(one.alone)} | {short(one.beside)} | {one.ratio:.0%} | {one.memory / 1e6:.0f} | {one.left}"
        lines.append(f"| {attack.title} | {numbers} |")
    return "\n".join(lines)


def _large(megabytes: int) -> int:
    with (
        tempfile.TemporaryDirectory(prefix="radnode-hostile-") as work,
        progress("Sending", total=megabytes) as advance,
    ):
        found = send_large(megabytes << 20, Path(work), lambda sent: advance(sent >> 20, megabytes))
    print(f"{megabytes} MB in {found.seconds:.1f} s; peak memory of each process, MB:")
    for name, peak in sorted(found.peaks.items()):
        print(f"  {name}: {peak / 1e6:.0f}")
    return 0 if max(found.peaks.values()) < BOUND else 1
