#!/usr/bin/python3
"""What the programs of build/coverage have run: a table by folder of src/ on stdout, every line in build/coverage/html.

Reads the counters in build/coverage/profiles, which each program writes while it runs (LLVM_PROFILE_FILE). With
--uncovered FOLDER it prints that folder's lines that never ran instead.
"""
import collections
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/coverage"
NOT_OURS = "-ignore-filename-regex=(^/usr/|/build/|/tests/|/fuzz/|/bench/|_test\\.cpp$|core_harness)"


def run(*command, **options):
    """What a tool says on stderr is shown when it fails: llvm-cov warns of inline functions that programs have apart."""
    done = subprocess.run([str(part) for part in command], text=True, stderr=subprocess.PIPE, **options)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed: {done.stderr}")
    return done


def programs():
    """The binary, and the test programs that ctest knows."""
    listed = json.loads(run("ctest", "--test-dir", BUILD, "--show-only=json-v1", stdout=subprocess.PIPE).stdout)
    tests = {test["command"][0] for test in listed["tests"] if "command" in test}
    return [BUILD / "limehook", *sorted(tests)]


def merge():
    """One file of all counters; what the programs of an earlier build counted is left out."""
    merged = BUILD / "all.profdata"
    profiles = sorted((BUILD / "profiles").glob("*.profraw"))
    if not profiles:
        sys.exit("there are no counters in build/coverage/profiles; ./dev coverage makes them")
    run("llvm-profdata-19", "merge", "-sparse", "-failure-mode=all", *profiles, "-o", merged)
    return merged


def cov(action, merged, *options, **how):
    first, *others = programs()
    objects = [f"-object={program}" for program in others]
    return run("llvm-cov-19", action, first, *objects, f"-instr-profile={merged}", NOT_OURS, *options, **how)


def folder_of(file):
    return str(pathlib.Path(file).relative_to(ROOT / "src").parent)


def percent(counts):
    covered, count = counts
    return f"{100 * covered / count:5.1f} %" if count else "      –"


def table(files):
    kinds = ("lines", "branches", "functions")
    folders = collections.defaultdict(lambda: {kind: [0, 0] for kind in kinds})
    for file in files:
        for name in (folder_of(file["filename"]), "all"):
            for kind in kinds:
                folders[name][kind][0] += file["summary"][kind]["covered"]
                folders[name][kind][1] += file["summary"][kind]["count"]
    print(f"{'src/':<16}{'lines':>8}{'covered':>10}{'branches':>10}{'covered':>10}{'functions':>11}{'covered':>10}")
    for name, counts in sorted(folders.items(), key=lambda row: (row[0] == "all", row[0])):
        print(f"{name:<16}" + "".join(
            f"{counts[kind][1]:>{width}}{percent(counts[kind]):>10}" for kind, width in zip(kinds, (8, 10, 11))))


def uncovered(merged, folder):
    lcov = cov("export", merged, "-format=lcov", stdout=subprocess.PIPE).stdout
    file, text = None, []
    for row in lcov.splitlines():
        if row.startswith("SF:"):
            file = pathlib.Path(row[3:])
            text = file.read_text().splitlines()
        elif row.startswith("DA:") and row.endswith(",0") and folder_of(file) == folder:
            line = int(row[3:].split(",")[0])
            print(f"{file.relative_to(ROOT)}:{line}: {text[line - 1].strip()}")


def main():
    merged = merge()
    if sys.argv[1:2] == ["--uncovered"]:
        return uncovered(merged, sys.argv[2])
    exported = json.loads(cov("export", merged, "-summary-only", stdout=subprocess.PIPE).stdout)
    table(exported["data"][0]["files"])
    cov("show", merged, "-format=html", "-show-branches=count", f"-output-dir={BUILD / 'html'}", stdout=subprocess.DEVNULL)
    print(f"every line: {(BUILD / 'html/index.html').relative_to(ROOT)}")


main()
