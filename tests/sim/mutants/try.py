#!/usr/bin/python3
"""Applies each of mutants.toml to a copy of its file, builds the simulator with it and looks whether a run finds it.

usage: try.py [--check] [NAME_PART]     --check: only that each mutant's text stands once in its file
To be called from the root of the repository after the release build of limehook_sim; works in build/mutants.
"""

import concurrent.futures
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tomllib

SECONDS_MAX = 240  # of a run: a mutant may hang
CORE = pathlib.Path("src/delivery")
BUILD = pathlib.Path("build/release")
WORK = pathlib.Path("build/mutants")
TABLE = pathlib.Path(__file__).with_name("mutants.toml")


def mutants():
    return tomllib.loads(TABLE.read_text())["mutant"]


def mutated(mutant):
    """The file's text with the mistake in it; None when its text does not stand there exactly once."""
    text = (CORE / mutant["file"]).read_text()
    return text.replace(mutant["from"], mutant["to"]) if text.count(mutant["from"]) == 1 else None


def commands():
    """How the release build compiles each file of the core, and how it links the simulator."""
    ninja = ["ninja", "-C", str(BUILD), "-t", "commands", "limehook_sim"]
    lines = [shlex.split(line) for line in subprocess.check_output(ninja, text=True).splitlines() if "clang" in line]
    root = str(CORE.resolve())
    sources = {words[-1]: words for words in lines if words[-2] == "-c" and words[-1].startswith(root)}
    link = next(words for words in lines if words[-2:] == ["&&", ":"] and "-o" in words)
    return sources, link[link.index("&&") + 1 : -2]


def build(mutant, folder, sources, link):
    """The path of a simulator with the mistake. A header's mistake is compiled into the whole core."""
    copy = folder / "delivery" / mutant["file"]
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text(mutated(mutant))
    original = str((CORE / mutant["file"]).resolve())
    objects = []
    objects = []
    for source in [original] if original in sources else sources:
        words = list(sources[source])
        target = folder / (pathlib.Path(source).name + ".o")
        words[-1] = str(copy.resolve()) if source == original else source
        words[words.index("-o") + 1] = str(target.resolve())
        for flag in ("-MF", "-MT"):
            words[words.index(flag) + 1] = str(target.resolve()) + ".d"
        words.insert(words.index("-c"), "-O1")
        first_include = next(i for i, word in enumerate(words) if word.startswith("-I"))
        words.insert(first_include, f"-I{folder.resolve()}")
        subprocess.run(words, cwd=BUILD, check=True, capture_output=True, text=True)
        objects.append(str(target.resolve()))
    binary = folder / "limehook_sim"
    words = list(link)
    words[words.index("-o") + 1] = str(binary.resolve())
    words[words.index("-o") : words.index("-o")] = objects
    subprocess.run(words, cwd=BUILD, check=True, capture_output=True, text=True)
    return binary


def found(binary, seeds):
    """As what the mistake was found, and at which seed; (None, None): it was not."""
    run = [str(binary), "--seed", "1", "--seeds", str(seeds), "--threads", "1"]
    try:
        result = subprocess.run(run, capture_output=True, text=True, timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired:
        return "hangs", "-"
    if broken := re.search(r"^Broken: ([^:]+):.*\n.*--seed (\d+)", result.stdout, re.M):
        return broken.group(1), broken.group(2)
    if "broken invariant" in result.stderr:
        return "invariant", re.search(r"in seed (\d+)", result.stderr).group(1)
    return (None, None) if result.returncode == 0 else ("crash", "-")


def tried(number, mutant, sources, link):
    if mutated(mutant) is None:
        return "its text does not stand once in its file", None
    folder = WORK / str(number)
    try:
        binary = build(mutant, folder, sources, link)
    except subprocess.CalledProcessError as error:
        return f"does not compile: {error.stderr.splitlines()[0]}", None
    what, seed = found(binary, mutant["seeds"])
    if what is None:
        return f"SURVIVED {mutant['seeds']} seeds", None
    if what not in mutant["promises"]:
        return f"found as \"{what}\", which is none of its promises", seed
    return None, f"{what}, at seed {seed} of at most {mutant['seeds']}"


def check():
    gone = [mutant["name"] for mutant in mutants() if mutated(mutant) is None]
    for name in gone:
        print(f"The text of the mutant \"{name}\" does not stand once in its file.")
    return 1 if gone else 0


def main(arguments):
    if arguments[:1] == ["--check"]:
        return check()
    part = arguments[0] if arguments else ""
    chosen = [(n, m) for n, m in enumerate(mutants()) if part in m["name"]]
    sources, link = commands()
    survived = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda entry: tried(*entry, sources, link), chosen)
        for (_, mutant), (trouble, how) in zip(chosen, results):
            survived += trouble is not None
            print(f"{mutant['name']:<52} {trouble or how}", flush=True)
    print(f"{len(chosen)} mutants, {len(chosen) - survived} found as what they break, {survived} not")
    return 1 if survived or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
