"""The same configurations and input through a real Collector and through Rankwire, compared record by record.

./dev differential [--install] [--record] [--family NAME …] [-k TEXT] [--verbose] [--refusals]
"""

import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import agents  # noqa: E402
import collector  # noqa: E402
import compare  # noqa: E402
import pairs  # noqa: E402
import recorded  # noqa: E402


def parsed_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--install", action="store_true", help="build the Collectors (ten minutes of one core)")
    parser.add_argument("--record", action="store_true", help="keep the original's answers in recorded/")
    parser.add_argument("--recorded", action="store_true", help="compare with what is kept there, without a Collector")
    parser.add_argument("--family", nargs="*", default=[])
    parser.add_argument("-k", default="", metavar="TEXT", help="only cases with this in their name (never recorded)")
    parser.add_argument("--verbose", action="store_true", help="also the cases that are explained")
    parser.add_argument("--refusals", action="store_true", help="what the original says to configurations it refuses")
    return parser.parse_args()


def record(some, originals):
    for family in {case.family for case in some}:
        recorded.save(family, [case for case in some if case.family == family], originals)


def ask(some, arguments):
    if arguments.recorded:
        return pairs.recorded_originals(some)
    originals = pairs.run_original(some)
    if arguments.record and not arguments.k:
        record(some, originals)
    if arguments.refusals:
        print("\n".join(f"{i}\n    {r['refused'][-600:]}" for i, r in originals.items() if "refused" in r))
    return originals


def main():
    arguments = parsed_arguments()
    if arguments.install:
        collector.install()
    if not (arguments.recorded or collector.is_installed()):
        print(f"no Collector in {collector.INSTALLED}: ./dev differential --install builds it", file=sys.stderr)
        return 2
    some = [case for case in pairs.all_cases(arguments.family) if arguments.k in case.name]
    originals = ask(some, arguments)
    verdicts = pairs.verdicts([case for case in some if case.id in originals], originals, agents.harness.RANKWIRE)
    for identity, verdict in verdicts.items():
        if verdict.kind == compare.DIFFERENT or (arguments.verbose and verdict.kind != compare.SAME):
            print(f"{verdict.kind}: {identity}\n    {verdict.text}")
    print(pairs.summary(verdicts))
    return 1 if any(verdict.kind == compare.DIFFERENT for verdict in verdicts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
