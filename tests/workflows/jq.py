"""``jq`` by its library, for machines without the program."""

import json
import sys
from pathlib import Path

import jq


def main(words: list[str]) -> int:
    options, arguments = "", dict[str, str]()
    while words[0].startswith("-"):
        if words[0] == "--arg":
            arguments[words[1]] = words[2]
            words = words[3:]
        else:
            options += words.pop(0)[1:]
    text = Path(words[1]).read_text("utf-8") if len(words) > 1 else sys.stdin.read()
    answers = jq.compile(words[0], args=arguments).input_text(text).all()
    for answer in answers:
        print(answer if "r" in options and isinstance(answer, str) else json.dumps(answer, ensure_ascii=False))
    return 1 if "e" in options and (not answers or answers[-1] in (None, False)) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
