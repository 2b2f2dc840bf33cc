# SPDX-License-Identifier: GPL-3.0-or-later
"""What every peer function does: the event says what, and all five answer alike."""
import os


class PeerError(Exception):
    pass


def tell(event, context):
    return {"id": context.aws_request_id, "arn": context.invoked_function_arn, "memory": int(context.memory_limit_in_mb),
            "left_ms": context.get_remaining_time_in_millis(), "trace": os.environ.get("_X_AMZN_TRACE_ID", ""),
            "custom": context.client_context.custom if context.client_context else None}


def fail(event, context):
    raise PeerError("asked to fail")


def leave(event, context):
    os._exit(7)


DOES = {
    "echo": lambda event, context: event,
    "tell": tell,
    "fail": fail,
    "exit": leave,
    "big": lambda event, context: "x" * (event["size"] - 2),  # and two quotes
}


def handler(event, context):
    print("peer handles", event["do"])
    return DOES[event["do"]](event, context)
