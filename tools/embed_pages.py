"""Turns a folder of built pages into a C++ source that holds them: embed_pages.py FOLDER TO.cpp"""

import gzip
import hashlib
import pathlib
import sys

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


def escaped(byte):
    """One byte within a literal; always three digits, so that no digit that follows belongs to it."""
    char = chr(byte)
    return char if " " <= char <= "~" and char not in '"\\?' else f"\\{byte:03o}"


def literal(data):
    """A string_view with these bytes; compilers limit the length of one literal, so it is many that are joined."""
    pieces = [data[i : i + 4000] for i in range(0, len(data), 4000)] or [b""]
    lines = "\n".join(f'      "{"".join(map(escaped, piece))}"' for piece in pieces)
    return f"{{\n{lines},\n      {len(data)}}}"


def entry(folder, file):
    data = file.read_bytes()
    packed = gzip.compress(data, 9, mtime=0)
    if len(packed) >= len(data):
        packed = b""
    digest = hashlib.sha256(data).hexdigest()[:32]
    path = "/" + file.relative_to(folder).as_posix()
    return f'    {{"{path}", "{CONTENT_TYPES[file.suffix]}", "{digest}", {literal(data)}, {literal(packed)}}},\n'


folder, target = map(pathlib.Path, sys.argv[1:])
entries = "".join(entry(folder, file) for file in sorted(folder.rglob("*")) if file.is_file())
target.write_text(
    '#include "api/pages.hpp"\n\nnamespace limehook::api {\n\n'
    "std::span<const PageFile> page_files() {\n"
    f"  static constexpr PageFile kFiles[] = {{\n{entries}  }};\n  return kFiles;\n}}\n\n}}  // namespace limehook::api\n",
    encoding="utf-8",
)
