"""A program that speaks the channel (docs/channel.md) and runs what the cell says, in Python.

It knows nothing of polykernel. A cell's code is executed with these at hand: ``cell`` (the
request's id), ``params``, ``put`` (a message), ``raw`` (bytes) for the channel, ``event``,
``display``, ``ask``, ``read`` (the next message of the host), and ``answer``, a dictionary that
becomes the cell's result.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import signal
import sys
from pathlib import Path

TOKEN = "0123456789abcdef"

parser = argparse.ArgumentParser()
for option in ("marks", "interrupts", "beside", "die-at-start", "die-twice", "wrong-version"):
    parser.add_argument(f"--{option}", action="store_true")
options = parser.parse_args()

sys.stdout.reconfigure(line_buffering=True, write_through=False)  # one write a line
requests = os.fdopen(3, "rb")
questions = itertools.count(1)
marks = itertools.count(1)


def raw(data):
    view = memoryview(data)
    while view:
        view = view[os.write(4, view) :]


def put(message):
    raw(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")


def read():
    """Read the next message that is no notification: those are for cleverer programs."""
    while True:
        line = requests.readline()
        if not line:
            sys.exit(0)  # the host is gone
        message = json.loads(line)
        if "id" in message:
            return message


def event(method, content, cell=None, **params):
    if cell is not None:
        params["cell"] = cell
    put({"method": method, "params": {**params, "content": content}})


def display(text, cell=None):
    content = {"data": {"text/plain": str(text)}, "metadata": {}, "transient": {}}
    if not options.marks:
        event("display_data", content, cell)
        return
    mark = next(marks)
    sys.stdout.flush()
    event("display_data", content, cell, mark=mark)
    os.write(1, f"\x1b_polykernel {TOKEN} {mark}\x1b\\".encode())


def ask(prompt, password=False, cell=None):
    """Ask for a line; gives the host's whole answer."""
    sys.stdout.flush()
    content = {"prompt": prompt, "password": password}
    params = {"cell": cell, "content": content}
    put({"id": f"q{next(questions)}", "method": "input_request", "params": params})
    return read()


running = None


def execute(number, params):
    global running
    running = number
    answer = {"status": "ok"}
    names = {**globals(), "cell": number, "params": params, "answer": answer}
    try:
        exec(params["code"], names)
    except Exception as error:
        answer = {
            "status": "error",
            "ename": type(error).__name__,
            "evalue": str(error),
            "traceback": [repr(error)],
        }
    running = None
    sys.stdout.flush()
    return answer


def execute_whole(number, params):
    global running
    try:
        return execute(number, params)
    except KeyboardInterrupt:  # in its code, or just before or after it
        running = None
        sys.stdout.flush()
        return {"status": "error", "ename": "KeyboardInterrupt", "evalue": "", "traceback": []}


def die_at_start():
    if options.die_twice:
        counted = Path("deaths")
        deaths = counted.read_text() if counted.exists() else ""
        if len(deaths) == 2:
            return
        counted.write_text(deaths + "x")
    os.write(2, b"my configuration is missing\n")
    os._exit(3)


def interrupted(number, frame):
    put({"method": "interrupted", "params": {"cell": running} if running else {}})
    if running:
        raise KeyboardInterrupt


def hello():
    result = {"protocol": 99 if options.wrong_version else 1, "implementation": "sample 1.0"}
    if options.marks:
        result["marks"] = TOKEN
    if options.beside:
        result["complete_while_busy"] = True
    if options.interrupts:
        result["interrupts"] = True
        signal.signal(signal.SIGINT, interrupted)
    return result


def main():
    if options.die_at_start or options.die_twice:
        die_at_start()
    while True:
        message = read()
        if "method" not in message:
            continue  # an answer that an interrupted cell no longer waited for
        number, params = message["id"], message["params"]
        if message["method"] == "hello":
            put({"id": number, "result": hello()})
        elif message["method"] == "execute":
            put({"id": number, "result": execute_whole(number, params)})
        elif message["method"] == "complete" and params["code"].startswith("!"):
            exec(params["code"][1:], {**globals(), "number": number})
        elif message["method"] == "shutdown":
            put({"id": number, "result": {}})
            return
        else:
            put({"id": number, "error": {"code": -32601, "message": "not there"}})


main()
