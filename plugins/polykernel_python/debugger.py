"""JupyterLab's debugger: debug requests of front ends, answered through debugpy.

Specification: "Debug request". The Debug Adapter Protocol, and what Jupyter adds to it. Loaded with
the first debug request; debugpy itself when debugging begins.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from polykernel_python import debug_names
from polykernel_python.debug_adapter import Adapter, DebuggerFailed
from polykernel_python.debug_names import CellFiles
from polykernel_python.debug_variables import Variables, is_users

if TYPE_CHECKING:
    from polykernel.evaluator import Bundle
    from polykernel_python.sources import Sources

    Body = dict[str, Any]

INSTALL = "Debugging needs debugpy where the code runs: pip install 'polykernel[debug]'"
# what debugpy answers to; to anything else it says nothing at all
_FORWARDED = frozenset(
    (
        "completions",
        "evaluate",
        "exceptionInfo",
        "goto",
        "gotoTargets",
        "scopes",
        "setDebuggerProperty",
        "setExceptionBreakpoints",
        "setExpression",
        "setFunctionBreakpoints",
        "setVariable",
        "stackTrace",
        "stepInTargets",
        "threads",
        "variables",
    )
)


class Debugger:
    """Answers debug requests. Owns the connection, and what front ends have asked debugpy for.

    Args:
        sources: Knows the cells.
        namespace: ``__main__``'s.
        bundle_of: Shows a value in all its forms.
        available: Whether debugpy can be found.
        temporary: A folder that is removed when this process has ended.
    """

    def __init__(
        self,
        sources: Sources,
        namespace: dict[str, Any],
        bundle_of: Callable[[Any], Bundle | None],
        available: bool,
        temporary: str = "",
    ) -> None:
        self._sources = sources
        self._namespace = namespace
        self._bundle_of = bundle_of
        self._available = available
        self._files = CellFiles(temporary)
        self._variables = Variables()
        self._adapter: Adapter | None = None
        self._capabilities: Body | None = None
        self._send_event: Callable[[Body], None] = lambda event: None
        self._events = itertools.count(1)
        self._attached = False
        self._breakpoints: dict[str, list[Body]] = {}
        self._stopped: list[int] = []
        self._module_frames: set[int] = set()
        self._global_scopes: set[int] = set()
        self._mapped: dict[str, str] = {}  # files that stand for code compiled under another name
        self._own: dict[str, Callable[[Body], Body]] = {
            "initialize": self._initialize,
            "attach": self._attach,
            "configurationDone": lambda arguments: {},
            "disconnect": self._disconnect,
            "terminate": self._terminate,
            "dumpCell": self._dump_cell,
            "debugInfo": self._debug_info,
            "source": self._source,
            "modules": self._modules,
            "setBreakpoints": self._set_breakpoints,
            "stackTrace": self._stack_trace,
            "scopes": self._scopes,
            "variables": self._get_variables,
            "continue": self._continue,
            "next": lambda arguments: self._step("next", arguments),
            "stepIn": lambda arguments: self._step("stepIn", arguments),
            "stepOut": lambda arguments: self._step("stepOut", arguments),
            "pause": lambda arguments: self._ask("pause", {**arguments, "threadId": "*"}),
            "inspectVariables": self._inspect_variables,
            "richInspectVariables": self._rich_inspect_variables,
            "copyToGlobals": self._copy_to_globals,
        }

    @property
    def is_started(self) -> bool:
        """Whether a front end has begun debugging."""
        return self._capabilities is not None

    def answer(self, request: Body, send_event: Callable[[Body], None]) -> Body:
        """Answer one request of the Debug Adapter Protocol."""
        self._send_event = send_event
        command = str(request.get("command"))
        response = {
            "type": "response",
            "seq": request.get("seq", 0),
            "request_seq": request.get("seq", 0),
            "success": True,
            # the specification has it so ("copyToGlobals"), and ipykernel too
            "command": "setExpression" if command == "copyToGlobals" else command,
        }
        try:
            response["body"] = self._body(command, request.get("arguments") or {})
        except (DebuggerFailed, OSError) as error:
            response.update(success=False, message=str(error), body={})
        return response

    def _body(self, command: str, arguments: Body) -> Body:
        own = self._own.get(command)
        if own is not None:
            return own(arguments)
        if command not in _FORWARDED:
            raise DebuggerFailed(f"the request {command} is not supported")
        return self._ask(command, arguments)

    def _ask(self, command: str, arguments: Body) -> Body:
        """Let debugpy answer.

        Raises:
            DebuggerFailed: It says that it can't, or debugging has not begun.
        """
        if self._adapter is None or not self.is_started:
            raise DebuggerFailed("debugging has not begun")
        response = self._adapter.request(command, arguments)
        if not response.get("success"):
            raise DebuggerFailed(str(response.get("message") or f"{command} failed"))
        return response.get("body") or {}

    # beginning and end

    def _initialize(self, arguments: Body) -> Body:
        if self._capabilities is None:
            if not self._available:
                raise DebuggerFailed(INSTALL)
            if self._adapter is None:
                adapter = Adapter(self._on_event)
                adapter.start()
                self._adapter = adapter
            self._capabilities = {}
            try:
                body = self._ask("initialize", {"adapterID": "polykernel", **arguments})
            except DebuggerFailed:
                self._capabilities = self._adapter = None
                raise
            self._capabilities = {key: body[key] for key in body if key != "pydevd"}
        return self._capabilities

    def _attach(self, arguments: Body) -> Body:
        if self._attached:
            return {}
        self._ask("setDebuggerProperty", _PROPERTIES)
        options = {
            "justMyCode": True,
            **arguments,
            "rules": [*arguments.get("rules", ()), *_rules()],
        }
        options.update(redirectOutput=False, subProcess=False)
        self._ask("attach", options)
        self._map_earlier_cells()
        self._ask("configurationDone", {})
        assert self._adapter is not None
        self._adapter.finish_start()
        self._attached = True
        _tracing().resume()
        return {}

    def _map_earlier_cells(self) -> None:
        """Let breakpoints stop in what cells have defined before debugging began.

        Nothing waits for each response: that takes 40 ms, and there may be thousands of cells. What
        is asked next is answered behind them all.
        """
        assert self._adapter is not None
        for code, name in self._sources.named():
            file = self._files.name(code)
            if name != file and file not in self._mapped:
                self._adapter.send("setPydevdSourceMap", _source_map(file, name, code))
                self._mapped[file] = name

    def _unmap(self, file: str) -> None:
        """Let a file stand for itself."""
        self._ask("setPydevdSourceMap", {"source": {"path": file}, "pydevdSourceMaps": []})
        self._mapped.pop(file, None)

    def _disconnect(self, arguments: Body) -> Body:
        if self._adapter is not None and self.is_started:
            self._announce_continue()
            # the process is the kernel's evaluator, whatever the front end asks for
            self._ask("disconnect", {"terminateDebuggee": False})
            _tracing().pause()
        self._attached = False
        self._capabilities = None
        self._breakpoints.clear()
        self._stopped.clear()
        self._module_frames.clear()
        self._global_scopes.clear()
        return {}

    def _terminate(self, arguments: Body) -> Body:
        body = self._disconnect(arguments)
        self._tell("terminated", {})
        return body

    def close(self) -> None:
        """Clean up at the evaluator's end."""
        self._files.remove()

    # cells, in the threads that run them

    def begin_cell(self, code: str) -> str | None:
        """Before a cell is compiled: give the file name that breakpoints refer to.

        Returns:
            ``None`` where nobody is debugging.
        """
        if not self._attached:
            if self._adapter is not None:
                _tracing().leave_thread()
            return None
        try:
            name = self._files.write(code)
            if name in self._mapped:
                self._unmap(name)
        except (DebuggerFailed, OSError):
            return None
        _tracing().enter_thread()
        return name

    def end_cell(self, error: BaseException | None = None) -> None:
        """After a cell: nothing of it is stopped, and no step leads into the next one.

        Args:
            error: What ended it.
        """
        if not self._attached:
            return
        _tracing().forget_step()
        if error is not None and _leave_stop(error):
            self._continue({})  # debugpy knows nothing of interrupts

    def interrupted(self) -> None:
        """Before an interrupt is raised in the calling thread, which may be stopped."""
        if self._attached:
            _tracing().forget_step()  # or the next line would be stopped at again

    # what debugpy tells

    def _on_event(self, event: Body) -> None:
        body = event.get("body") or {}
        name, thread = event.get("event"), body.get("threadId")
        if name == "module" and _is_ours(str((body.get("module") or {}).get("path"))):
            return
        if name == "stopped" and thread is not None:
            self._stopped = [thread] + [each for each in self._stopped if each != thread]
        elif name == "continued":
            if not self._stopped:
                return  # it has been told
            everything = body.get("allThreadsContinued", False)
            self._stopped = [] if everything else [each for each in self._stopped if each != thread]
        self._tell(str(name), body)

    def _announce_continue(self) -> None:
        """Tell that what is stopped goes on, before it does.

        debugpy tells it when the cell may have ended already, and at that JupyterLab forgets the
        values that it has asked for at the cell's end.
        """
        stopped, self._stopped = self._stopped, []
        for thread in stopped[:1]:
            self._tell("continued", {"threadId": thread, "allThreadsContinued": True})

    def _tell(self, event: str, body: Body) -> None:
        seq = next(self._events)
        self._send_event({"type": "event", "seq": seq, "event": event, "body": body})

    # Jupyter's requests

    def _debug_info(self, arguments: Body) -> Body:
        return {
            "isStarted": self.is_started,
            "hashMethod": debug_names.METHOD,
            "hashSeed": debug_names.SEED,
            "tmpFilePrefix": self._files.prefix,
            "tmpFileSuffix": debug_names.SUFFIX,
            "breakpoints": [
                {"source": source, "breakpoints": breakpoints}
                for source, breakpoints in self._breakpoints.items()
            ],
            "stoppedThreads": list(self._stopped),
            "richRendering": True,
            "exceptionPaths": ["Python Exceptions"],
            "copyToGlobals": True,
        }

    def _dump_cell(self, arguments: Body) -> Body:
        return {"sourcePath": self._files.write(str(arguments.get("code", "")))}

    def _source(self, arguments: Body) -> Body:
        source = arguments.get("source") or {}
        path = str(source.get("path") or "")
        content = self._sources.text(self._mapped.get(path, path))
        if content is None:
            with open(path, encoding="utf-8", errors="replace") as file:
                content = file.read()
        return {"content": content, "mimeType": "text/x-python"}

    def _modules(self, arguments: Body) -> Body:
        loaded = list(sys.modules.copy().items())
        start = int(arguments.get("startModule") or 0)
        count = int(arguments.get("moduleCount") or 0) or len(loaded)
        modules = []
        for number, (name, module) in enumerate(loaded[start : start + count], start):
            origin = getattr(getattr(module, "__spec__", None), "origin", None)
            if isinstance(origin, str) and origin.endswith(".py"):
                modules.append({"id": number, "name": name, "path": origin})
        return {"modules": modules, "totalModules": len(loaded)}

    def _set_breakpoints(self, arguments: Body) -> Body:
        body = self._ask("setBreakpoints", arguments)
        path = str((arguments.get("source") or {}).get("path") or "")
        asked = arguments.get("breakpoints") or []
        if not asked or not Path(path).is_file():
            # after a restart front ends send those of the evaluator before, too: for nothing
            self._breakpoints.pop(path, None)
            return body
        # debugpy may have moved them to lines that can be stopped at
        self._breakpoints[path] = [
            {**each, "line": got.get("line", each.get("line"))}
            for each, got in zip(asked, body.get("breakpoints") or asked)
        ]
        return body

    def _step(self, command: str, arguments: Body) -> Body:
        self._announce_continue()
        return self._ask(command, arguments)

    def _continue(self, arguments: Body) -> Body:
        self._announce_continue()
        # debugpy answers when a thread has gone on: where none is stopped, never
        if self._adapter is not None and self.is_started:
            self._adapter.send("continue", {**arguments, "threadId": "*"})
        return {"allThreadsContinued": True}

    def _stack_trace(self, arguments: Body) -> Body:
        """Give the frames of the user's: what runs the cells is not debugged."""
        whole = {
            key: value for key, value in arguments.items() if key not in ("startFrame", "levels")
        }
        body = self._ask("stackTrace", whole)
        frames = [frame for frame in body.get("stackFrames") or () if not _is_hidden(frame)]
        start, levels = int(arguments.get("startFrame") or 0), int(arguments.get("levels") or 0)
        self._module_frames.update(each["id"] for each in frames if each["name"] == "<module>")
        shown = frames[start : start + levels] if levels else frames[start:]
        return {**body, "stackFrames": shown, "totalFrames": len(frames)}

    def _scopes(self, arguments: Body) -> Body:
        body = self._ask("scopes", arguments)
        in_module = arguments.get("frameId") in self._module_frames
        self._global_scopes.update(
            scope["variablesReference"]
            for scope in body.get("scopes") or ()
            if in_module or scope["name"] == "Globals"
        )
        return body

    def _get_variables(self, arguments: Body) -> Body:
        reference = int(arguments.get("variablesReference") or 0)
        if reference in self._variables:
            start, count = int(arguments.get("start") or 0), int(arguments.get("count") or 0)
            return {"variables": self._variables.children(reference, start, count)}
        body = self._ask("variables", arguments)
        if reference in self._global_scopes:
            found = body.get("variables") or ()
            body = {**body, "variables": [each for each in found if _is_shown(each["name"])]}
        return body

    def _inspect_variables(self, arguments: Body) -> Body:
        return {"variables": self._variables.of_namespace(self._namespace)}

    def _rich_inspect_variables(self, arguments: Body) -> Body:
        name = str(arguments.get("variableName") or "")
        if not name.isidentifier():
            return {"data": {}, "metadata": {}}  # one of debugpy's groups
        frame = arguments.get("frameId")
        if self._stopped and frame is not None:
            asked = {
                "expression": f"__import__('sys').modules[{__name__!r}].Rich({name})",
                "frameId": frame,
                "context": "clipboard",  # the whole of it
            }
            return json.loads(self._ask("evaluate", asked)["result"])  # type: ignore[no-any-return]
        if name not in self._namespace:
            raise DebuggerFailed(f"there is no variable {name}")
        return rich(self._namespace[name], self._bundle_of)

    def _copy_to_globals(self, arguments: Body) -> Body:
        source, target = arguments.get("srcVariableName"), arguments.get("dstVariableName")
        for name in (source, target):
            if not isinstance(name, str) or not name.isidentifier():
                raise DebuggerFailed(f"{name!r} is no name of a variable")
        return self._ask(
            "setExpression",
            {
                "expression": f"globals()[{target!r}]",
                "value": source,
                "frameId": arguments.get("srcFrameId"),
            },
        )


_PROPERTIES = {
    # an error in a condition shows itself by stopping, but is not printed for a mere name
    "skipSuspendOnBreakpointException": ["BaseException"],
    "skipPrintBreakpointException": ["NameError"],
    "multiThreadsSingleNotification": True,
}


class Rich:
    """A value whose ``repr`` is its mime bundle, as JSON: so it comes out of a stopped frame."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __repr__(self) -> str:
        from polykernel_python.display import bundle_of

        return json.dumps(rich(self._value, bundle_of))


def rich(value: object, bundle_of: Callable[[Any], Bundle | None]) -> Body:
    """Show a value in all its forms.

    Raises:
        DebuggerFailed: Its own methods fail.
    """
    try:
        bundle = bundle_of(value)
    except Exception as error:
        raise DebuggerFailed(f"{type(error).__name__}: {error}") from None
    if bundle is None:
        return {"data": {}, "metadata": {}}
    metadata = {kind: each for kind, each in bundle.metadata.items() if kind in bundle.data}
    return {"data": bundle.data, "metadata": metadata}


def _our_folders() -> list[str]:
    import polykernel.evaluator

    files = (__file__, polykernel.evaluator.__file__)
    return [os.path.dirname(os.path.abspath(str(file))) for file in files]


def _rules() -> list[Body]:
    return [{"path": os.path.join(folder, "**"), "include": False} for folder in _our_folders()]


def _is_ours(path: str) -> bool:
    return any(path.startswith(folder + os.sep) for folder in _our_folders())


def _is_hidden(frame: Body) -> bool:
    return _is_ours(str((frame.get("source") or {}).get("path")))


def _is_shown(name: str) -> bool:
    # the group holds what a module has of Python, and `_`
    return name != "special variables" and is_users(name)


def _leave_stop(error: BaseException) -> bool:
    """Cut the debugger's frames off a traceback; true where the error came while it was waiting."""
    before, tb = None, error.__traceback__
    while tb is not None:
        if "pydevd" in tb.tb_frame.f_code.co_filename and before is not None:
            before.tb_next = None
            return True
        same = before is not None and before.tb_frame is tb.tb_frame
        if before is None or not same:
            before = tb
        tb = tb.tb_next
    return False


def _source_map(file: str, name: str, code: str) -> Body:
    """Arguments that let a file stand for code that was compiled under another name."""
    lines = code.count("\n") + 1
    entry = {"line": 1, "endLine": lines, "runtimeSource": {"path": name}, "runtimeLine": 1}
    return {"source": {"path": file}, "pydevdSourceMaps": [entry]}


def _tracing() -> Any:
    from polykernel_python import debug_tracing

    return debug_tracing
