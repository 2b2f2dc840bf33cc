# SPDX-License-Identifier: GPL-3.0-or-later
"""The secrets of all whole-program tests. Each carries MARK, so that one look for it finds any of
them in whatever a test left (tests/program/check_secrets.py). A test that needs another secret
makes it with secret(): none is written down anywhere else.
"""
import base64

MARK = "FIXTURESECRET"

# AWS's documented example key, which tests of signatures use; its first part is enough to find it
DOCUMENTED = "wJalrXUtnFEMI"


def secret(label, length=40):
    """A secret of `length` characters that are allowed in keys and tokens; `label` tells them apart."""
    text = MARK + "".join(c for c in label if c.isalnum())
    if len(text) > length:
        raise ValueError(f"{label}: too long for {length} characters")
    return text.ljust(length, "0")


ACCESS_KEY_ID = "AKIAFIXTUREEXAMPLE00"  # public by nature, the user's own
SECRET_ACCESS_KEY = secret("accessKey")
SESSION_TOKEN = secret("sessionToken", 160)
ENVIRONMENT_VALUE = secret("functionEnvironment")  # of a function: belongs to its owner alone


def needles():
    """What a secret looks like in a file: as it is, in hex and in base64 at each of its three alignments."""
    found = []
    for word in (MARK.encode(), DOCUMENTED.encode()):
        found += [word, word.hex().encode(), word.hex().upper().encode()]
        for shift in range(3):
            coded = base64.b64encode(b"\0" * shift + word)
            # the characters at both ends depend on the neighbours
            found.append(coded[(shift * 8 + 5) // 6:len(coded.rstrip(b"=")) - 1])
    return found
