#!/usr/bin/env python3
"""Packs a folder of inputs into a text file, one a line, the shortest first:  pack.py FOLDER FILE [MAX-BYTES]
With --unpack the other way:  pack.py --unpack FILE FOLDER

Printable ASCII stays as it is, a backslash is doubled, line ends are \\r and \\n, other bytes \\x and two digits."""

import pathlib
import re
import sys


def packed(data):
    special = {10: "\\n", 13: "\\r", 92: "\\\\"}
    return "".join(special.get(byte) or (chr(byte) if 0x20 <= byte < 0x7f else f"\\x{byte:02x}") for byte in data)


def unpacked(line):
    special = {"r": b"\r", "n": b"\n", "\\": b"\\"}
    return re.sub(rb"\\(?:x([0-9a-f]{2})|(.))", lambda match: bytes.fromhex(match[1].decode()) if match[1]
                  else special[match[2].decode()], line.encode("ascii"))


def unpack(file, folder):
    folder.mkdir(parents=True, exist_ok=True)
    lines = file.read_text().split("\n")[:-1] if file.exists() else []
    for number, line in enumerate(lines):
        (folder / f"kept-{number}").write_bytes(unpacked(line))


def main():
    if sys.argv[1] == "--unpack":
        return unpack(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
    folder, file, limit = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int((sys.argv[3:] or [120_000])[0])
    lines = sorted({packed(path.read_bytes()) for path in folder.iterdir()}, key=lambda line: (len(line), line))
    kept, size = [], 0
    for line in lines:
        size += len(line) + 1
        if size > limit:
            break
        kept.append(line)
    file.write_text("".join(line + "\n" for line in kept))
    print(f"{file.name}: {len(kept)} of {len(lines)} inputs")


if __name__ == "__main__":
    main()
