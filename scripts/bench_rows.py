"""Compares what the benchmarks told (`row<TAB>ID<TAB>NUMBER` lines) with the table of rows and targets."""

import sys

MEETS = {">=": lambda value, target: value >= target, "<=": lambda value, target: value <= target, "-": lambda *_: True}


def main(rows_path, told_path):
    told = {}
    with open(told_path) as file:
        for line in file:
            fields = line.rstrip("\n").split("\t")
            if fields[0] == "row":
                _, row, value = fields
                told[row] = float(value)
    missed = 0
    with open(rows_path) as file:
        rows = [line.rstrip("\n").split("\t") for line in file if line.strip() and not line.startswith("#")]
    print(f"\n{'':4}  {'row':24}{'measured':>12}  {'target':12}what")
    for row, unit, relation, target, what in rows:
        value = told.pop(row, None)
        met = value is not None and MEETS[relation](value, float(target or 0))
        missed += not met
        shown = "-" if value is None else f"{value:.3g} {unit}"
        wanted = f"{relation} {target} {unit}".strip() if target else "shown"
        print(f"{'ok' if met else 'MISS':4}  {row:24}{shown:>12}  {wanted:12}{what}")
    if told:
        sys.exit(f"error: rows that the table does not know: {', '.join(sorted(told))}")
    if missed:
        sys.exit(f"error: {missed} of {len(rows)} rows missed")


main(*sys.argv[1:])
