#!/usr/bin/python3
"""Reads what a GoogleTest program has written about its run, and prints how many tests passed and failed.

usage: gtest_result.py RESULT.json TIMES SKIPS
Appends to TIMES: seconds, a tab, the program; to SKIPS: each test that was skipped, and why.
"""

import json
import pathlib
import sys


def main(result, times, skips):
    program = pathlib.Path(result).stem
    run = json.loads(pathlib.Path(result).read_text())
    cases = [case for suite in run["testsuites"] for case in suite["testsuite"]]
    skipped = [case for case in cases if case["result"] == "SKIPPED"]
    failed = run["failures"] + run["errors"]
    with open(times, "a") as file:
        file.write(f"{run['time'].removesuffix('s')}\t{program}\n")
    with open(skips, "a") as file:
        for case in skipped:
            why = " ".join(part["message"].strip().splitlines()[-1] for part in case.get("skipped", []))
            file.write(f"{program}: {case['classname']}.{case['name']}: {why}\n")
    print(run["tests"] - failed - len(skipped), failed)


if __name__ == "__main__":
    main(*sys.argv[1:])
