#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A sample of the faults of the model (./run bench truth has all): diagnose never blames what is
not wrong, and agrees with PAM on whether the user gets in; of those that break the logon it names
the object and what is wrong with it, and what it says to do mends the logon."""
from harness import check, finish
from truth import campaign, judge

SAMPLE, SEED = 60, 0
RIGHT = 95  # of 100
APPLIED = 50  # of 100 remedies that a machine can apply


def main():
    results = list(campaign.measured(campaign.chosen(campaign.options(
        ["--sample", str(SAMPLE), "--seed", str(SEED)]))))
    for result in results:
        print(f"    {result.line()}")
        if result.word != "skipped":
            check(f"{result.trust} {result.faults[0].name}: true",
                  result.word not in ("wrong", "disagree"), judge.sum_of(result.got))
    made = [result for result in results if result.broken]
    right = [result for result in made if result.word == "right"]
    check(f"of {len(made)} that break the logon {len(right)} are named",
          len(made) >= SAMPLE // 6 and len(right) * 100 >= len(made) * RIGHT,
          [result.line() for result in made if result not in right])
    applied = [result for result in right if result.remedy.get("did")]
    check(f"of {len(right)} remedies {len(applied)} were applied",
          len(applied) * 100 >= len(right) * APPLIED,
          [result.line() for result in right if result not in applied])
    finish()


if __name__ == "__main__":
    main()
