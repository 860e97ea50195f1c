# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests that boot guests share: their options, what has to be fetched first, and TAP."""
import argparse
import pathlib
import sys


def options(cases=None):
    """A parser of what all have; with a table of cases, their names and --list, too."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--qemu", default="build/qemu-system-x86_64")
    parser.add_argument("--guests", type=pathlib.Path, default=pathlib.Path("build/guests"))
    parser.add_argument("--tier", default="auto",
                        help="of -accel tcg: interp, jit or auto; hot=N may follow")
    if cases is not None:
        parser.add_argument("--list", action="store_true")
        parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(cases))
    return parser


def parse(parser, cases):
    """The arguments, whose cases are those to run: all where none is named. Ends after --list."""
    args = parser.parse_args()
    args.cases = args.cases or list(cases)
    unknown = [name for name in args.cases if name not in cases]
    if unknown:
        parser.error(f"there is no case '{unknown[0]}'; --list shows them")
    if args.list:
        print("\n".join(args.cases))
        sys.exit(0)
    return args


def why_not(args, guests):
    """Which of these folders are not there and how to get them; '' if all are."""
    missing = sorted(guest for guest in set(guests) if not (args.guests / guest / ".complete").exists())
    if not missing:
        return ""
    return f"not there: 'scripts/fetch-guests {args.guests} {' '.join(missing)}' gets it"


def need(args, guests):
    """Ends the test, all of it skipped, unless these folders are there."""
    reason = why_not(args, guests)
    if reason:
        print(f"1..0 # SKIP {reason}")
        sys.exit(0)


def report(number, name, wrong, log=""):
    """Says how a case ended: lines on what was wrong, and then the log's end. 1 if it failed."""
    print(f"{'not ok' if wrong else 'ok'} {number} {name}", flush=True)
    for line in "\n".join(wrong).splitlines():
        print(f"# {line}")
    if wrong:
        print("\n".join("# | " + line for line in log.splitlines()[-40:]))
    return 1 if wrong else 0


def run(args, cases, guests, run_case):
    """All of a test: each case of `args.cases` by `run_case(args, cases[name])`, which answers with what
    is wrong and the log; skipped unless the guests are there. The exit status."""
    need(args, guests)
    print(f"1..{len(args.cases)}")
    failed = 0
    for number, name in enumerate(args.cases, 1):
        failed += report(number, name, *run_case(args, cases[name]))
    return 1 if failed else 0
