"""What a kernel may send, as JSON Schema, and how it is framed: protocol 5.5.

The clients of the tests check everything that they receive with it. It is stricter than the
specification: what the specification does not list is refused, since it would be a slip of ours.
Sections are those of jupyter_client's page "Messaging in Jupyter".
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn
from weakref import WeakSet

from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from collections.abc import Sequence

DELIMITER = b"<IDS|MSG>"

Schema = dict[str, Any]

STRING: Schema = {"type": "string"}
BOOLEAN: Schema = {"type": "boolean"}
INTEGER: Schema = {"type": "integer"}
NATURAL: Schema = {"type": "integer", "minimum": 0}
STRINGS: Schema = {"type": "array", "items": STRING}
OBJECT: Schema = {"type": "object"}
NAME: Schema = {"type": "string", "minLength": 1}
VERSION: Schema = {"type": "string", "pattern": r"^\d+(\.\d+)*"}


def record(required: Schema, optional: Schema | None = None, *, more: bool = False) -> Schema:
    """Describe an object with these keys, and no others unless ``more``."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": sorted(required),
        "additionalProperties": more,
    }


def constant(value: str) -> Schema:
    return {"const": value}


def either(*schemas: Schema) -> Schema:
    return {"anyOf": list(schemas)}


#: "Message Header"
HEADER = record(
    {
        "msg_id": NAME,
        "session": NAME,
        "username": STRING,
        "date": NAME,
        "msg_type": NAME,
        "version": {"type": "string", "pattern": r"^5\.\d+(\.\d+)?$"},
    },
    {"subshell_id": {"type": ["string", "null"]}},
)
#: a copy of the front end's header, whatever that has in it
PARENT = record({"msg_id": NAME, "msg_type": NAME}, more=True)

#: a MIME bundle: "Each representation ... should be a valid MIME type"
BUNDLE: Schema = {
    "type": "object",
    "propertyNames": {"pattern": r"^[\w.+-]+/[\w.+-]+(;.*)?$"},
    "patternProperties": {r"^text/": STRING, r"^image/(png|jpeg|gif)$": STRING},
}
TRANSIENT = record({}, {"display_id": NAME}, more=True)

ERROR = {"ename": STRING, "evalue": STRING, "traceback": STRINGS}


def reply(required: Schema, optional: Schema | None = None) -> Schema:
    """Describe a reply: ``ok`` and its content, or ``error`` ("Request-Reply")."""
    return either(
        record({"status": constant("ok"), **required}, optional),
        record({"status": constant("error"), **ERROR}),
    )


COUNT = {"execution_count": NATURAL}
PAYLOADS: Schema = {"type": "array", "items": record({"source": NAME}, more=True)}
#: "Execution results"; the expressions' values are bundles or errors
EXPRESSION = either(
    record({"status": constant("ok"), "data": BUNDLE, "metadata": OBJECT}),
    record({"status": constant("error"), **ERROR}),
)
EXPRESSIONS: Schema = {"type": "object", "additionalProperties": EXPRESSION}
EXECUTE_REPLY = either(
    record(
        {"status": constant("ok"), **COUNT}, {"payload": PAYLOADS, "user_expressions": EXPRESSIONS}
    ),
    record({"status": constant("error"), **ERROR, **COUNT}),
    record({"status": constant("aborted"), **COUNT}),
)
LANGUAGE_INFO = record(
    {"name": NAME, "version": VERSION, "mimetype": NAME, "file_extension": NAME},
    {
        "pygments_lexer": STRING,
        "codemirror_mode": {"type": ["string", "object"]},
        "nbconvert_exporter": STRING,
    },
)
KERNEL_INFO = reply(
    {
        "protocol_version": {"type": "string", "pattern": r"^\d+\.\d+(\.\d+)?$"},
        "implementation": NAME,
        "implementation_version": VERSION,
        "language_info": LANGUAGE_INFO,
        "banner": STRING,
    },
    {
        "debugger": BOOLEAN,
        "help_links": {"type": "array", "items": record({"text": STRING, "url": STRING})},
        "supported_features": STRINGS,
    },
)
IS_COMPLETE = either(
    record({"status": {"enum": ["complete", "invalid", "unknown"]}}),
    record({"status": constant("incomplete"), "indent": STRING}),
    record({"status": constant("error"), **ERROR}),
)
HISTORY_ENTRY: Schema = {
    "type": "array",
    "prefixItems": [
        INTEGER,
        INTEGER,
        either(
            STRING,
            {
                "type": "array",
                "prefixItems": [STRING, {"type": ["string", "null"]}],
                "minItems": 2,
                "items": False,
            },
        ),
    ],
    "minItems": 3,
    "items": False,
}
PORTS = {f"{name}_port": NATURAL for name in ("shell", "iopub", "stdin", "hb", "control")}
COMMS: Schema = {"type": "object", "additionalProperties": record({"target_name": STRING})}
#: "Debug request": content is a Response or an Event of the Debug Adapter Protocol
DAP_RESPONSE = record(
    {
        "seq": INTEGER,
        "type": constant("response"),
        "request_seq": INTEGER,
        "success": BOOLEAN,
        "command": STRING,
    },
    {"message": STRING, "body": {}},
)
DAP_EVENT = record({"seq": INTEGER, "type": constant("event"), "event": NAME}, {"body": {}})
DISPLAY = {"data": BUNDLE, "metadata": OBJECT}

REPLIES: dict[str, Schema] = {
    "execute_reply": EXECUTE_REPLY,
    "inspect_reply": reply({"found": BOOLEAN, "data": BUNDLE, "metadata": OBJECT}),
    "complete_reply": reply(
        {"matches": STRINGS, "cursor_start": NATURAL, "cursor_end": NATURAL, "metadata": OBJECT}
    ),
    "history_reply": reply({"history": {"type": "array", "items": HISTORY_ENTRY}}),
    "is_complete_reply": IS_COMPLETE,
    "connect_reply": reply(PORTS),
    "comm_info_reply": reply({"comms": COMMS}),
    "kernel_info_reply": KERNEL_INFO,
    "shutdown_reply": reply({"restart": BOOLEAN}),
    "interrupt_reply": reply({}),
    "debug_reply": either(DAP_RESPONSE, record({}), record({"status": constant("error"), **ERROR})),
    "create_subshell_reply": reply({"subshell_id": NAME}),
    "delete_subshell_reply": reply({}),
    "list_subshell_reply": reply({"subshell_id": STRINGS}),
    # in no specification: as ipykernel defines it
    "usage_reply": reply(
        {
            "hostname": NAME,
            "pid": NATURAL,
            "kernel_cpu": {"type": "number", "minimum": 0},
            "kernel_memory": NATURAL,
            "host_cpu_percent": {"type": "number", "minimum": 0, "maximum": 100},
            "cpu_count": NATURAL,
            "host_virtual_memory": {"type": "object", "additionalProperties": {"type": "number"}},
        }
    ),
}
PUBLISHED: dict[str, Schema] = {
    "iopub_welcome": record({"subscription": STRING}),
    "stream": record({"name": {"enum": ["stdout", "stderr"]}, "text": STRING}),
    "display_data": record(DISPLAY, {"transient": TRANSIENT}),
    "update_display_data": record(
        {**DISPLAY, "transient": record({"display_id": NAME}, more=True)}
    ),
    "execute_input": record({"code": STRING, **COUNT}),
    "execute_result": record({**COUNT, **DISPLAY}, {"transient": TRANSIENT}),
    "error": record(ERROR),
    "status": record({"execution_state": {"enum": ["busy", "idle", "starting"]}}),
    "clear_output": record({"wait": BOOLEAN}),
    "debug_event": DAP_EVENT,
    "comm_open": record(
        {"comm_id": NAME, "target_name": STRING, "data": OBJECT},
        {"target_module": {"type": ["string", "null"]}},  # as ipykernel's comms have it
    ),
    "comm_msg": record({"comm_id": NAME, "data": OBJECT}),
    "comm_close": record({"comm_id": NAME, "data": OBJECT}),
}
ASKED: dict[str, Schema] = {"input_request": record({"prompt": STRING, "password": BOOLEAN})}

CONTENTS = {**REPLIES, **PUBLISHED, **ASKED}
#: published without a request that caused it; of the others some have no parent at times
ORPHANS = {"iopub_welcome"}
CAUSED = {"execute_input", "execute_result", "error", "input_request", *REPLIES}
ON_CONTROL_ONLY = {
    "debug_reply",
    "create_subshell_reply",
    "delete_subshell_reply",
    "list_subshell_reply",
}
WITH_BUFFERS = {"comm_open", "comm_msg", "comm_close", "display_data", "update_display_data"}


#: sessions of clients of kernels that are not ours
_exempt: WeakSet[object] = WeakSet()


def exempt(session: object) -> None:
    """Let this session of jupyter_client's receive what breaks rules: its kernel is not ours."""
    _exempt.add(session)


def is_exempt(session: object) -> bool:
    return session in _exempt


class Violation(AssertionError):
    """A message breaks a rule of the specification."""


def fail(what: str, shown: object) -> NoReturn:
    raise Violation(f"{what}: {str(shown)[:2000]}")


def check_frames(
    channel: str, frames: Sequence[bytes], key: bytes, signature_scheme: str = "hmac-sha256"
) -> None:
    """Check a message as it came from a socket ("The Wire Protocol").

    Raises:
        Violation: It breaks a rule.
    """
    if DELIMITER not in frames:
        fail("no delimiter", frames)
    at = list(frames).index(DELIMITER)
    topics = 1 if channel == "iopub" else 0
    if at != topics:
        fail(f"{at} frames before the delimiter on {channel}", frames)
    signature, *parts = frames[at + 1 :]
    check_signature(signature, parts, key, signature_scheme)
    check_parts(parts, channel)


def sign(key: bytes, parts: Sequence[bytes], signature_scheme: str = "hmac-sha256") -> bytes:
    """Compute a signature as the specification's example does."""
    digest = hmac.new(key, digestmod=getattr(hashlib, signature_scheme.removeprefix("hmac-")))
    for part in parts:
        digest.update(part)
    return digest.hexdigest().encode()


def check_signature(
    signature: bytes, parts: Sequence[bytes], key: bytes, signature_scheme: str
) -> None:
    """Check that the key, and the four dictionaries without the buffers, are what is signed."""
    expected = sign(key, parts[:4], signature_scheme) if key else b""
    if signature != expected:
        fail("a wrong signature", signature)


def check_parts(parts: Sequence[bytes], channel: str = "") -> None:
    """Check what stands behind the signature; without ``channel`` it may be any.

    Raises:
        Violation: It breaks a rule.
    """
    if len(parts) < 4:
        fail("fewer than four dictionaries", parts)
    header, parent, metadata, content = map(_dictionary, parts[:4])
    msg_type = check_header(header)
    check_content(msg_type, content, channel)
    _check_parent(msg_type, parent, content)
    if len(parts) > 4 and msg_type not in WITH_BUFFERS:
        fail(f"{msg_type} with buffers", header)
    if not isinstance(metadata, dict):
        fail("metadata", metadata)


def check_header(header: Schema) -> str:
    """Check a header, and give the message type ("Message Header")."""
    _validate("header", HEADER, header)
    try:
        date = datetime.fromisoformat(header["date"])
    except ValueError:
        fail("a date that is not ISO 8601", header)
    if date.tzinfo is None:
        fail("a date without a time zone", header)
    return str(header["msg_type"])


def check_content(msg_type: str, content: Any, channel: str = "") -> None:
    """Check a content, and whether such a message may come on that channel.

    Raises:
        Violation: It breaks a rule.
    """
    if msg_type not in CONTENTS:
        fail("a message type that the specification does not have", msg_type)
    if channel and channel not in channels_of(msg_type):
        fail(f"{msg_type} on {channel}", content)
    _validate(msg_type, CONTENTS[msg_type], content)


def check_message(channel: str, message: Any) -> None:
    """Check a message that has not become frames yet, of a test without sockets.

    Raises:
        Violation: It breaks a rule.
    """
    content = _dictionary(message.content)
    check_content(message.msg_type, content, channel)
    if message.parent_header not in (b"", b"{}"):
        _check_parent(message.msg_type, _dictionary(message.parent_header), content)


def channels_of(msg_type: str) -> set[str]:
    """Name the channels on which a kernel may send a message."""
    if msg_type in PUBLISHED:
        return {"iopub"}
    if msg_type in ASKED:
        return {"stdin"}
    return {"control"} if msg_type in ON_CONTROL_ONLY else {"shell", "control"}


def _check_parent(msg_type: str, parent: Schema, content: Schema) -> None:
    """Check the parent header ("Parent header": "If there is no parent, an empty dict")."""
    orphan = msg_type in ORPHANS or content.get("execution_state") == "starting"
    if orphan and parent:
        fail(f"{msg_type} with a parent", parent)
    if not parent and msg_type in CAUSED:
        fail(f"{msg_type} without a parent", content)
    if parent:
        _validate("parent_header", PARENT, parent)
    if msg_type in REPLIES:
        asked = str(parent["msg_type"])
        if asked.removesuffix("_request") != msg_type.removesuffix("_reply"):
            fail(f"{msg_type} as the answer to", asked)


def _dictionary(part: bytes) -> Schema:
    try:
        text = bytes(part).decode("utf-8")
        found = json.loads(text, parse_constant=lambda name: fail("not JSON", name))
    except ValueError as error:
        fail(f"not JSON ({error})", part)
    if not isinstance(found, dict):
        fail("not a dictionary", found)
    if re.search(r"\\u[dD][89a-fA-F]", text):
        try:
            json.dumps(found, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            fail("half of a surrogate pair", text)
    return found


@cache
def _validator(name: str) -> Draft202012Validator:
    schema = {"header": HEADER, "parent_header": PARENT, **CONTENTS}[name]
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def _validate(name: str, schema: Schema, value: Any) -> None:
    validator = _validator(name)
    if validator.is_valid(value):
        return
    errors = [_explain(error) for error in validator.iter_errors(value)]
    fail(f"{name} breaks its schema, {'; '.join(errors)}", value)


def _explain(error: Any) -> str:
    inner = "; ".join(each.message[:300] for each in error.context[:8])
    return f"{error.json_path}: {error.message[:300]}" + (f" ({inner})" if inner else "")
