# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret of a fixture in anything that the tests produced: outputs, stores, journals, reports, logs.

    check_secrets.py FOLDER...

First it plants one secret in each shape and must find it, so that it cannot pass by looking nowhere.
"""
import base64
import os
import sys
import tempfile

import fixtures


def find(folder):
    """(number of files, [path that holds a secret])"""
    needles, n, found = fixtures.needles(), 0, []
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            with open(path, "rb") as f:
                content = f.read()
            n += 1
            if any(needle in content for needle in needles):
                found.append(path)
    return n, sorted(found)


def try_itself():
    word = fixtures.SECRET_ACCESS_KEY.encode()
    shapes = [word, b"x" + word, word.hex().encode(), *(base64.b64encode(b"-" * shift + word) for shift in range(3))]
    with tempfile.TemporaryDirectory() as folder:
        for i, shape in enumerate([b"innocent", *shapes]):
            with open(os.path.join(folder, str(i)), "wb") as f:
                f.write(b"{\n" + shape + b"\0}\n")
        n, found = find(folder)
    if n != len(shapes) + 1 or len(found) != len(shapes):
        sys.exit(f"of {len(shapes)} planted secrets {len(found)} were found")


def main():
    try_itself()
    total, guilty = 0, []
    for folder in sys.argv[1:]:
        n, found = find(folder)
        total += n
        guilty += found
        print(f"{folder}: {n} files")
    for path in guilty:
        print(f"a fixture's secret is in {path}")
    print(f"{total} files, {len(guilty)} with a secret")
    sys.exit(1 if guilty or not total else 0)


main()
