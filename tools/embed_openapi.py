"""Turns api/openapi.yaml into a C++ source that holds it as JSON: embed_openapi.py FROM.yaml TO.cpp"""

import json
import sys

import yaml

source, target = sys.argv[1:]
with open(source, encoding="utf-8") as file:
    text = json.dumps(yaml.safe_load(file), ensure_ascii=False, separators=(",", ":"))

# Compilers limit the length of one literal; pieces that stand side by side are joined.
pieces = [text[i : i + 8000] for i in range(0, len(text), 8000)]
literals = "\n".join(f'    R"~({piece})~"' for piece in pieces)
with open(target, "w", encoding="utf-8") as file:
    file.write(
        '#include "api/openapi.hpp"\n\nnamespace limehook::api {\n\n'
        f"std::string_view openapi_json() {{\n  return\n{literals};\n}}\n\n}}  // namespace limehook::api\n"
    )
