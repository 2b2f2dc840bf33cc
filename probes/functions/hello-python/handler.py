# SPDX-License-Identifier: GPL-3.0-or-later
"""The smallest function in Python: says hello."""


def handler(event, context):
    return {"message": "hello from Python"}
