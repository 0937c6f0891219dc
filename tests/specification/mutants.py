"""Changes made to our code on purpose, and the rules' tests that must fail with each.

They show that a rule's test that no other kernel fails holds something all the same. A change is a
text in a file of the installed package that is replaced by another; each text stands there once.
"""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mutant:
    """One change.

    Attributes:
        file: Which file, below the folder that the packages are in.
        old: What stands there.
        new: What stands there instead.
        kills: The names of the tests that must fail.
        kernel: The kernel that they are tried with.
    """

    file: str
    old: str
    new: str
    kills: tuple[str, ...]
    kernel: str = "polykernel-python"

    @property
    def name(self) -> str:
        return self.kills[0].removeprefix("test_")

    def make(self, folder: Path) -> None:
        """Put a copy of the package with the change in it into a folder."""
        package = self.file.partition("/")[0]
        spec = importlib.util.find_spec(package)
        assert spec is not None
        assert spec.origin is not None
        shutil.copytree(Path(spec.origin).parent, folder / package)
        path = folder / self.file
        text = path.read_text()
        assert text.count(self.old) == 1, f"{self.old!r} stands {text.count(self.old)} times there"
        path.write_text(text.replace(self.old, self.new))


def _change(file: str, old: str, new: str, *kills: str, kernel: str = "python") -> Mutant:
    names = tuple(f"test_{each}" for each in kills)
    return Mutant(file, old, new, names, f"polykernel-{kernel}")


DISPATCH = "polykernel/dispatch.py"
SHELL = "polykernel/shell.py"
EXECUTION = "polykernel/execution.py"
CONTENT = "polykernel/content.py"
WIRE = "polykernel/wire.py"
MESSAGE = "polykernel/message.py"
HOST = "polykernel/host.py"
TRANSPORT = "polykernel/transport.py"
OUTPUT = "polykernel/output.py"
STDIN = "polykernel/stdin.py"
COMMS = "polykernel/comms.py"
HISTORY = "polykernel/history.py"
HISTORY_FILE = "polykernel/history_file.py"
REPLIES = "polykernel/evaluator/replies.py"
DISPLAY = "polykernel/evaluator/display.py"
CELL = "polykernel/evaluator/cell.py"
OUTLET = "polykernel/evaluator/outlet.py"
DEBUGGER = "plugins/polykernel_python/debugger.py".removeprefix("plugins/")

MUTANTS = (
    # busy, idle, replies
    _change(
        DISPATCH,
        'act()\n        self._status(message, "idle")',
        "act()\n        if message.msg_type != 'comm_info_request':\n"
        '            self._status(message, "idle")',
        "every_request_ends_with_idle",
        "every_request_is_between_one_busy_and_one_idle",
    ),
    _change(
        DISPATCH,
        'self._status(message, "busy")\n        act()',
        "if message.msg_type == 'kernel_info_request':\n"
        '            self._status(message, "busy")\n        act()',
        "busy_comes_before_all_that_a_request_causes",
        "requests_on_control_are_between_busy_and_idle_too",
        kernel="echo",
    ),
    _change(
        DISPATCH,
        'reply_type = message.msg_type.replace("_request", "_reply")',
        'reply_type = message.msg_type.replace("_request", "_reply").replace("comm_i", "comms_i")',
        "every_request_has_one_reply_of_its_own_type",
        "message_types_are_those_of_the_specification",
        "every_content_has_the_structure_of_its_type",
        kernel="echo",
    ),
    _change(
        DISPATCH,
        "if busy_with is not None:",
        "if False:",
        "a_kernel_that_runs_a_cell_is_busy_whatever_it_answers_beside_it",
    ),
    _change(
        DISPATCH,
        'log.warning("a message of the unknown type %r on %s is dropped", msg_type, channel)',
        'self._answer(channel, message, {"status": "ok"})',
        "nobody_invents_replies_to_unknown_types",
    ),
    _change(
        DISPATCH,
        'self._answer_error(channel, message, "MalformedRequest", error)',
        "pass",
        "a_malformed_request_has_an_error_as_its_reply",
        "a_history_request_that_makes_no_sense_has_an_error_as_its_reply",
    ),
    _change(
        DISPATCH,
        "            if msg_type in self._at_once[channel]:"
        if False
        else "elif msg_type in self._at_once[channel]:",
        'elif msg_type in self._at_once[channel] and channel != "control":',
        "control_is_answered_while_a_cell_runs",
        "a_late_front_end_is_told_of_the_kernel_while_a_cell_runs",
        "an_interrupt_is_answered",
    ),
    _change(
        SHELL,
        "while self.running is None and self._queue",
        "self._queue = deque(sorted(self._queue, key=id))\n"
        "            while self.running is None and self._queue",
        "replies_come_in_the_order_of_the_cells",
    ),
    _change(
        MESSAGE,
        "identities=self.identities)",
        "identities=self.identities[:1])",
        "a_reply_goes_back_by_the_whole_prefix_of_its_request",
    ),
    _change(
        MESSAGE,
        "identities=self.identities)",
        'identities=() if msg_type == "execute_reply" else self.identities)',
        "several_front_ends_get_their_own_replies",
        "code_of_many_lines_runs",
        kernel="echo",
    ),
    # execution
    _change(
        SHELL,
        'if not cell.quiet:\n            content = {"code"',
        'if True:\n            content = {"code"',
        "a_silent_cell_shows_nothing",
        "an_empty_silent_cell_tells_the_count",
    ),
    _change(SHELL, "if shown and not cell.quiet:", "if shown:", "a_silent_cell_has_no_result"),
    _change(
        SHELL,
        "self._begin_output(cell.message, cell.quiet)",
        "self._begin_output(cell.message, False)",
        "a_silent_cell_shows_nothing",
    ),
    _change(
        EXECUTION,
        "counts = request.store_history and not request.silent",
        "counts = request.store_history",
        "a_silent_cell_does_not_count_whatever_it_says_of_history",
        "a_silent_cell_is_not_in_the_history",
        kernel="echo",
    ),
    _change(
        EXECUTION,
        "counts = request.store_history and not request.silent",
        "counts = not request.silent",
        "a_cell_that_is_not_to_be_stored_neither_counts_nor_is_in_the_history",
        "the_count_of_a_cell_that_does_not_count_is_the_last_one",
    ),
    _change(
        CONTENT,
        "silent: bool = False",
        "silent: bool = True",
        "a_cell_is_not_silent_unless_it_says_so",
    ),
    _change(
        CONTENT,
        "store_history: bool = True",
        "store_history: bool = False",
        "a_cell_is_in_the_history_unless_it_says_otherwise",
        "the_count_begins_with_one_and_goes_up_by_one",
        "the_tail_of_the_history_has_session_line_and_input",
        "sessions_count_up",
    ),
    _change(
        CONTENT,
        "stop_on_error: bool = True",
        "stop_on_error: bool = False",
        "an_error_aborts_the_queue_by_default",
    ),
    _change(
        SHELL,
        "aborts = abort or (cell.request.stop_on_error and not cell.quiet)",
        "aborts = abort",
        "an_error_aborts_the_queued_cells",
        kernel="calc",
    ),
    _change(
        SHELL,
        "aborts = abort or (cell.request.stop_on_error and not cell.quiet)",
        "aborts = True",
        "an_error_that_shall_not_stop_lets_the_queue_run",
        kernel="calc",
    ),
    _change(
        SHELL,
        "self._queue = deque(item for item in self._queue if not isinstance(item, Cell))",
        "self._queue = deque()",
        "only_cells_are_aborted",
    ),
    _change(
        SHELL,
        'content = {"status": "aborted", "execution_count": 0}',
        'content = {"status": "aborted", "execution_count": 0, "ename": ""}',
        "an_aborted_reply_tells_nothing_but_its_count",
    ),
    _change(
        SHELL,
        'reply = {**content, "execution_count": self.execution_count}',
        "reply = content",
        "replies_of_cells_that_fail_or_never_run_have_a_count",
        "a_cell_that_fails_counts_too",
    ),
    _change(
        SHELL,
        'reply = {**content, "execution_count": self.execution_count}',
        'reply = {**content, "execution_count": self.execution_count, "payload": []}',
        "an_error_has_nothing_of_a_success",
    ),
    _change(
        SHELL,
        "self._fail(cell, error_content(result.ename, result.evalue, result.traceback))",
        'self._fail(cell, {"status": "error", "ename": "", "evalue": None, "traceback": ""})',
        "an_error_has_a_name_a_value_and_a_traceback",
        "users_variables_take_nothing_from_the_kernel",
    ),
    _change(
        SHELL,
        'shown = {key: content[key] for key in ("ename", "evalue", "traceback")}',
        "shown = content",
        "an_error_is_published_as_the_reply_has_it",
    ),
    _change(
        SHELL,
        'shared.send("iopub", cell.message.child("error", shown))'
        if False
        else 'self._shared.send("iopub", cell.message.child("error", shown))',
        "pass",
        "an_error_comes_after_the_input_and_before_idle",
    ),
    _change(
        SHELL,
        '"execution_count": self.execution_count,\n            "user_expressions": result',
        '"execution_count": self.execution_count + 1,\n            "user_expressions": result',
        "reply_input_and_result_of_a_cell_have_one_count",
        "all_front_ends_share_one_count",
    )
    if False
    else _change(
        SHELL,
        '"execution_count": self.execution_count,\n            "user_expressions": result',
        '"execution_count": self.execution_count + 1,\n            "user_expressions": result',
        "reply_input_and_result_of_a_cell_have_one_count",
    ),
    _change(
        SHELL,
        "self.execution_count += cell.counts",
        "self.execution_count += cell.counts * (1 + hash(cell.message.identities) % 2 + 1)",
        "all_front_ends_share_one_count",
        "the_count_begins_with_one_and_goes_up_by_one",
    ),
    _change(
        SHELL,
        '"user_expressions": result.user_expressions,',
        "",
        "a_success_has_user_expressions_also_where_none_were_asked_for",
        "user_expressions_see_what_the_cell_has_made",
        "user_expressions_are_rich",
        "a_user_expression_that_fails_spoils_only_its_own_key",
    ),
    _change(
        SHELL,
        '"payload": result.payload,',
        '"payload": {},',
        "payloads_are_a_list_of_dictionaries_with_a_source",
        "a_page_has_its_text_and_its_first_line",
        "the_next_input_has_its_text_and_says_whether_it_replaces",
        "a_console_is_asked_to_end",
    ),
    _change(
        SHELL,
        'content = {"code": cell.request.code, "execution_count"',
        'content = {"code": cell.request.code.strip(), "execution_count"',
        "execute_input_has_the_code_as_it_came",
    ),
    _change(
        SHELL,
        'shared.send("iopub", cell.message.child("execute_input", content))',
        "pass",
        "execute_input_comes_when_the_cell_begins_and_before_its_output",
        "all_front_ends_see_what_one_has_sent",
    ),
    _change(
        SHELL,
        '                "code": request.code,',
        '                "code": request.code.partition("\\n")[0],',
        "code_of_many_lines_runs",
        "code_is_unicode_whatever_its_line_ends_are",
        kernel="python",
    ),
    _change(
        SHELL,
        "self._fail(running, self._trouble() or in_cell, abort=True)",
        "pass",
        "a_cell_that_crashes_the_interpreter_has_its_reply",
    ),
    # headers, wire
    _change(
        WIRE,
        'return b"%b%d" % (self._header_begin, next(self._count))',
        'return b"%b%d" % (self._header_begin, next(self._count) % 3)',
        "no_two_messages_have_the_same_id",
    ),
    _change(
        WIRE,
        "self.session = os.urandom(16).hex()",
        'self.session = "always the same"',
        "a_restarted_kernel_has_a_new_session",
    ),
    _change(
        WIRE,
        '{"username": username, "session": self.session,',
        '{"username": None, "session": "",',
        "headers_have_a_user_name",
        "all_messages_of_a_kernel_have_one_session_that_is_its_own",
    ),
    _change(
        WIRE,
        "datetime.now(UTC).isoformat()",
        'datetime.now(UTC).strftime("%c")',
        "headers_have_the_date_of_their_making",
    ),
    _change(
        WIRE,
        '"version": PROTOCOL_VERSION}',
        '"version": "5.0"}',
        "headers_have_the_version_of_kernel_info",
    ),
    _change(
        MESSAGE,
        "parent_header=self.raw_header or EMPTY",
        "parent_header=encode(self.header) if self.raw_header else EMPTY",
        "the_parent_header_is_a_copy_with_whatever_stood_in_it",
        "what_is_published_names_the_front_end_that_caused_it",
    ),
    _change(
        MESSAGE,
        "parent_header=self.raw_header or EMPTY",
        'parent_header=self.raw_header or b"null"',
        "without_a_parent_there_is_an_empty_dictionary",
        "every_part_of_every_message_is_a_json_object",
        "a_welcome_has_no_parent",
    ),
    _change(
        MESSAGE,
        "parent_header=self.raw_header or EMPTY",
        'parent_header=EMPTY if msg_type == "display_data" else self.raw_header or EMPTY',
        "what_a_request_causes_has_it_as_parent",
    ),
    _change(
        MESSAGE,
        "parent_header=self.raw_header or EMPTY",
        'parent_header=EMPTY if msg_type == "comm_info_reply" else self.raw_header or EMPTY',
        "replies_have_a_parent",
    ),
    _change(
        MESSAGE,
        "            metadata=metadata,\n",
        '            metadata=b"null",\n',
        "metadata_of_a_request_changes_nothing_that_is_asked",
        "every_part_of_every_message_is_a_json_object",
    ),
    _change(
        MESSAGE,
        "            buffers=buffers,\n",
        '            buffers=(b"more",),\n',
        "only_comms_have_buffers",
    ),
    _change(
        WIRE,
        "frames = [*message.identities, DELIMITER, self._signature(signed), *signed]",
        "frames = [*message.identities, DELIMITER, self._signature(signed[1:]), *signed]",
        "every_message_is_signed",
    ),
    _change(
        WIRE,
        "if not hmac.compare_digest(self._signature(signed), frames[at + 1]):",
        "if False:",
        "messages_with_a_wrong_signature_do_nothing",
        "a_message_that_was_changed_on_its_way_does_nothing",
    ),
    _change(
        WIRE,
        "if not hmac.compare_digest(self._signature(signed), frames[at + 1]):",
        "if not hmac.compare_digest(self._signature(frames[at + 2 :]), frames[at + 1]):",
        "buffers_are_no_part_of_what_is_signed",
    ),
    _change(
        WIRE,
        "return hmac.new(key, digestmod=name)",
        'return hmac.new(key, digestmod="sha256")',
        "signatures_are_those_of_the_connection_files_scheme",
    ),
    _change(
        WIRE,
        'if self._hmac is None:\n            return b""',
        'if self._hmac is None:\n            return b"0" * 64',
        "without_a_key_signatures_are_empty",
    ),
    _change(
        WIRE,
        "if self._hmac is not None:\n            if not",
        "if True:\n            if not",
        "without_a_key_signatures_are_not_looked_at",
    ),
    _change(
        WIRE,
        "if len(frames) < at + 6:",
        "if len(frames) < at + 6 and os._exit(1):",
        "messages_with_too_few_frames_do_nothing",
    ),
    _change(
        WIRE,
        'raise WireError(f"malformed header: {error}") from None',
        "os._exit(1)",
        "messages_that_are_no_json_objects_do_no_harm",
    ),
    _change(
        HOST,
        "message = msgspec.structs.replace(message, identities=(topic,))",
        'message = msgspec.structs.replace(message, identities=(topic, b"more"))',
        "there_is_exactly_one_topic_on_iopub",
    ),
    _change(
        HOST,
        "topic = self._topic + message.msg_type.encode()",
        "topic = self._topic",
        "topics_tell_the_message_type",
        "a_subscriber_to_one_topic_gets_that_alone",
    ),
    _change(
        DISPATCH,
        'except msgspec.DecodeError as error:\n            log.warning("malformed',
        "except msgspec.DecodeError as error:\n            raise SystemExit(1)\n"
        '            log.warning("malformed',
        "a_malformed_request_has_an_error_as_its_reply",
    ),
    _change(
        DISPATCH,
        'log.warning("a message of the unknown type %r on %s is dropped", msg_type, channel)',
        "raise SystemExit(1)",
        "unexpected_message_types_do_no_harm",
    ),
    _change(
        CONTENT,
        "class ExecuteRequest(msgspec.Struct, frozen=True):",
        "class ExecuteRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):",
        "extra_fields_do_no_harm",
    ),
    # sockets
    _change(
        TRANSPORT,
        "socket.xpub_verboser = 1",
        "socket.xpub_verboser = 0",
        "every_subscriber_is_welcomed_also_the_second_to_the_same_topic",
    ),
    _change(
        TRANSPORT,
        "            self._on_subscription(frame[1:])\n",
        "            pass\n",
        "a_new_subscriber_is_welcomed",
        "who_has_been_welcomed_misses_nothing",
    ),
    _change(
        HOST,
        'content = {"subscription": topic.decode(errors="replace")}',
        'content = {"subscription": ""}',
        "the_welcome_names_the_subscription",
    ),
    _change(
        TRANSPORT,
        "self._heartbeat.start()",
        "pass",
        "the_heartbeat_comes_right_back",
        "any_bytes_come_back_on_the_heartbeat_as_they_went",
        "the_heart_beats_while_a_cell_computes_in_c",
        "all_five_ports_of_the_connection_file_are_listened_on",
        "an_encrypted_kernel_runs_cells",
    ),
    _change(
        TRANSPORT,
        "self._curve.serve(socket)",
        'channel == "stdin" or self._curve.serve(socket)',
        "who_does_not_encrypt_is_not_let_in",
    ),
    _change(
        TRANSPORT,
        "self._curve.serve(socket)",
        'info.transport == "ipc" or self._curve.serve(socket)',
        "encryption_goes_over_ipc_too",
    ),
    _change(
        HOST,
        'self._send("iopub", NOBODY.child("status", {"execution_state": "starting"}))',
        'self._send("iopub", NOBODY.child("status", {"execution_state": "starting"}))\n'
        '        self._send("iopub", NOBODY.child("status", {"execution_state": "starting"}))',
        "starting_is_published_once",
    ),
    _change(
        SHELL,
        'send("iopub", parent.child("status", {"execution_state": state}))',
        'send("iopub", parent.child("status", {"execution_state": state.upper()}))',
        "there_are_three_states_and_no_others",
        "cells_run_between_busy_and_idle",
    ),
    # kernel info
    _change(
        DISPATCH,
        '"protocol_version": PROTOCOL_VERSION,',
        '"protocol_version": 5,',
        "the_protocol_has_a_version",
    )
    if False
    else _change(
        DISPATCH,
        '"protocol_version": PROTOCOL_VERSION,',
        '"protocol_version": "4.1",',
        "the_protocol_has_a_version",
        "the_protocol_is_the_current_one",
    ),
    _change(
        DISPATCH,
        '"implementation": "polykernel",',
        '"implementation": "",',
        "the_implementation_has_a_name",
    ),
    _change(
        DISPATCH,
        '"implementation_version": __version__,',
        '"implementation_version": "new",',
        "the_implementation_has_a_version",
    ),
    _change(
        HOST,
        "facts = language.language_info()",
        'facts = {**language.language_info(), "name": "other", "mimetype": "plain",'
        ' "file_extension": "py", "pygments_lexer": "no such lexer"}',
        "the_language_has_the_name_of_the_kernelspec",
        "scripts_of_the_language_have_a_mimetype",
        "files_of_the_language_have_an_extension_with_its_dot",
        "what_colours_the_language_is_known_to_pygments",
    ),
    _change(
        DISPATCH,
        '"language_info": self._language_info,',
        '"language_info": {**self._language_info, "version": "new"},',
        "the_version_of_the_language_is_a_text",
        "the_language_has_the_version_of_the_interpreter_that_runs_cells",
    ),
    _change(DISPATCH, '"banner": self._banner,', '"banner": " ",', "there_is_a_banner"),
    _change(
        DISPATCH,
        '"debugger": self._debugger.works,',
        '"debugger": not self._debugger.works,',
        "the_old_flag_of_the_debugger_agrees_with_the_features",
    ),
    _change(
        DISPATCH,
        '"help_links": self._help_links,',
        '"help_links": [{"name": "x", "url": "ftp://x"}],',
        "links_for_help_have_a_text_and_an_address",
    ),
    _change(
        DISPATCH,
        '"supported_features": self._features(),',
        '"supported_features": ["subshells"],',
        "features_are_a_list_of_names",
        "who_has_subshells_says_so",
        "who_can_debug_says_so",
    ),
    _change(
        DISPATCH,
        '"supported_features": self._features(),',
        '"supported_features": self._features(), "language": "python",',
        "fields_of_earlier_versions_are_gone",
    ),
    _change(
        DISPATCH,
        "content = self._at_once[channel][msg_type](message)",
        "content = self._at_once[channel][msg_type](message)\n"
        '                channel == "control" and content.pop("banner", None)',
        "kernel_info_on_control_is_that_of_shell",
    ),
    _change(
        DISPATCH,
        'return {"status": "ok", **self._ports}',
        'return {"status": "ok"}',
        "connect_tells_the_five_ports",
    ),
    # control
    _change(
        DISPATCH,
        'content = {"status": "ok", "restart": request.restart}',
        'content = {"status": "ok", "restart": False}',
        "a_shutdown_is_answered_with_what_it_is_for",
    ),
    _change(
        DISPATCH,
        "self._shutdown(request.restart, last)",
        "last()\n        self._shutdown(request.restart, lambda: None)",
        "what_cells_have_registered_for_the_end_is_done_before_the_reply",
    ),
    _change(
        HOST,
        "            last()\n        self._loop.stop()",
        "            last()",
        "a_kernel_that_is_shut_down_ends",
    ),
    _change(
        DISPATCH,
        'self._status(message, "busy")\n\n        def last()',
        "def last()",
        "a_shutdown_is_between_busy_and_idle",
    ),
    _change(
        DISPATCH,
        'elif msg_type == "shutdown_request":',
        'elif msg_type == "shutdown_request" and channel == "control":',
        "a_shutdown_on_shell_works_all_the_same",
    ),
    _change(
        DISPATCH,
        'elif msg_type == "shutdown_request":',
        'elif msg_type == "shutdown_request" and self._execution.busy_with is None:',
        "a_shutdown_does_not_wait_for_the_running_cell",
    ),
    _change(
        DISPATCH,
        "self._execution.interrupt()\n",
        "pass\n",
        "an_interrupt_ends_the_running_cell",
        "a_front_ends_interrupt_ends_the_cell",
        "an_interrupt_ends_the_cells_of_all_shells",
        "a_question_can_be_interrupted",
    ),
    # subshells
    _change(
        EXECUTION,
        'raise UnknownSubshell(f"there is no subshell {subshell_id!r}") from None',
        "return self._main",
        "a_request_for_a_subshell_that_is_not_there_is_an_error",
    ),
    _change(
        EXECUTION,
        "if subshell_id is None or not self.subshells:",
        "if subshell_id is None:",
        "without_subshells_a_subshell_id_means_nothing",
        kernel="calc",
    ),
    _change(
        EXECUTION,
        "if subshell_id is None or not self.subshells:",
        "if True:",
        "a_subshell_id_means_that_subshell",
        "a_cell_in_a_subshell_runs_beside_that_of_the_main_shell",
        "each_subshell_counts_for_itself",
        "what_cells_of_two_shells_print_at_once_goes_to_each_ones_own",
        "a_cell_of_a_subshell_may_ask_for_input",
    ),
    _change(
        EXECUTION,
        "if subshell_id is None or not self.subshells:",
        'if "subshell_id" not in message.raw_header.decode():',
        "a_subshell_id_of_null_means_the_main_shell",
    )
    if False
    else _change(
        MESSAGE,
        "subshell_id: str | None = None",
        'subshell_id: str = ""',
        "a_subshell_id_of_null_means_the_main_shell",
    ),
    _change(
        DISPATCH,
        "and not self._execution.subshells:",
        "and False:",
        "a_kernel_without_subshells_logs_an_error_and_does_not_reply",
        kernel="echo",
    ),
    _change(
        EXECUTION,
        "return list(self._subshells)",
        'return ["main", *self._subshells]',
        "the_main_shell_is_not_listed",
        "subshells_are_listed",
    ),
    _change(
        EXECUTION,
        "subshell_id = os.urandom(16).hex()",
        'subshell_id = "subshell"',
        "subshells_have_ids_of_their_own",
    ),
    _change(
        DISPATCH,
        "self._execution.delete_subshell(request.subshell_id)",
        "pass",
        "a_deleted_subshell_is_gone",
    ),
    # questions
    _change(
        REPLIES,
        '"cursor_end": _place("end", found.end),',
        '"cursor_end": _place("end", found.end) + 1,',
        "the_range_of_completions_ends_at_the_cursor",
        "zero_is_a_place_as_any_other",
        "the_specifications_example_of_astral_characters_completes",
        "the_place_of_a_completion_is_counted_in_code_points",
        "the_completed_place_may_be_within_a_cell_of_many_lines",
        "a_match_in_the_place_of_its_range_is_the_completed_code",
    ),
    _change(
        REPLIES,
        '        "metadata": {},\n    }\n    if found.types:',
        '        "metadata": None,\n    }\n    if False:',
        "completions_have_metadata",
    ),
    _change(
        REPLIES,
        '"matches": matches,',
        '"matches": [{"text": each} for each in matches],',
        "completions_are_a_list_of_texts",
    ),
    _change(
        DISPATCH,
        'params = {"code": request.code, "cursor_pos": at}',
        'params = {"code": request.code, "cursor_pos": at / 0 if "(((" in request.code else at}',
        "completion_that_finds_nothing_is_a_success",
    ),
    _change(
        REPLIES,
        'return {"status": "ok", "found": False, "data": {}, "metadata": {}}',
        'return {"status": "error", "found": False, "data": None, "metadata": {}}',
        "an_inspection_that_finds_nothing_is_a_success",
        "an_inspection_that_finds_nothing_has_empty_dictionaries",
    ),
    _change(
        REPLIES,
        'return {"status": "ok", "found": True, "data": data, "metadata": metadata}',
        'return {"status": "ok", "found": True, "data": str(data), "metadata": metadata}',
        "an_inspection_that_finds_something_is_a_bundle",
    ),
    _change(
        DISPATCH,
        '"cursor_pos": _cursor(request.code, request.cursor_pos),',
        '"cursor_pos": len(request.code),',
        "the_inspected_place_may_be_within_a_cell_of_many_lines",
        "the_place_of_an_inspection_is_counted_in_code_points",
    ),
    _change(
        DISPATCH,
        '"detail_level": request.detail_level,',
        '"detail_level": 0,',
        "more_detail_brings_the_source",
    ),
    _change(
        REPLIES,
        'if status == "incomplete":',
        "if True:",
        "only_incomplete_code_has_an_indent",
        "complete_code_is_complete",
    ),
    _change(
        REPLIES,
        'if status == "incomplete":\n        return {"status": status, "indent": indent}',
        'if status != "complete":\n        return {"status": "unknown"}',
        "incomplete_code_tells_how_to_indent",
        "code_that_wants_more_is_incomplete",
        "code_that_nothing_can_mend_is_invalid",
        "the_specifications_examples_are_told_apart",
    ),
    _change(
        DISPATCH,
        'unsupported = {"status": "unknown"}',
        'unsupported = {"status": "complete"}',
        "a_language_that_can_not_tell_says_unknown",
        kernel="echo",
    ),
    # history
    _change(
        HISTORY,
        "(each.input, each.output) if waiting.request.output else each.input,",
        "each.input,",
        "the_history_has_outputs_where_they_are_asked_for",
    ),
    _change(
        HISTORY_FILE,
        ") ORDER BY place\n",
        ") ORDER BY place DESC\n",
        "the_tail_is_the_last_cells_in_the_order_of_running",
        "the_history_is_searched_by_globs",
        "the_history_has_the_cells_of_all_front_ends",
        kernel="echo",
    ),
    _change(
        HISTORY_FILE,
        'where = "AND input GLOB :pattern"',
        'where = "AND input LIKE :pattern"',
        "the_history_is_searched_by_globs",
    ),
    _change(
        HISTORY_FILE,
        "if request.unique:",
        "if not request.unique:",
        "a_search_may_leave_out_what_is_there_twice",
        "a_search_shows_all_that_was_run_unless_it_says_otherwise",
    ),
    _change(
        HISTORY_FILE,
        "AND line >= :start AND line < :stop",
        "AND line >= :start AND line <= :stop",
        "a_range_is_of_cells_of_this_session",
    ),
    _change(
        HISTORY_FILE,
        "number = max(0, number + self._current_number(connection))",
        "number = self._current_number(connection)",
        "a_range_may_be_of_an_earlier_session",
    ),
    # comms
    _change(
        COMMS,
        "if wanted is None or wanted == target_name",
        "if True",
        "comms_of_one_target_are_listed_alone",
    ),
    _change(
        COMMS,
        'comm_id: {"target_name": target_name}',
        "comm_id: target_name",
        "open_comms_are_listed_with_their_targets",
    ),
    _change(
        COMMS,
        "self._open: dict[str, str] = {}",
        'self._open: dict[str, str] = {"x": "y"}',
        "without_comms_the_list_is_empty",
        kernel="echo",
    ),
    _change(
        COMMS,
        "        self._close(content.comm_id, message)\n",
        "        pass\n",
        "a_comm_to_an_unknown_target_is_closed",
        kernel="calc",
    ),
    _change(
        OUTPUT,
        "parent.child(msg_type, content, metadata, params.binary())",
        "parent.child(msg_type, content, metadata)",
        "buffers_of_comms_go_both_ways",
    ),
    _change(
        OUTPUT,
        "EVENTS = SHOWN | COMMS",
        'EVENTS = SHOWN | {"comm_open"}',
        "comm_messages_go_both_ways",
        "comm_messages_of_a_kernel_come_on_iopub",
        "a_comm_is_closed_from_either_side",
        "a_comm_without_data_has_an_empty_dictionary",
    ),
    _change(
        OUTPUT,
        "EVENTS = SHOWN | COMMS",
        'EVENTS = SHOWN | {"comm_msg", "comm_close"}',
        "a_cell_opens_a_comm",
    ),
    _change(
        SHELL,
        "        if isinstance(item, Question):\n            msg_type",
        "        if True:\n            item = Question(item.message, 'shell', '', {}, {})\n"
        "            msg_type",
        "comm_messages_have_no_reply",
    )
    if False
    else _change(
        SHELL,
        "        self._finish_text()\n        self._over(comm)",
        "        self._finish_text()\n"
        '        self._shared.send("shell", comm.message.reply("comm_reply", {}))\n'
        "        self._over(comm)",
        "comm_messages_have_no_reply",
        kernel="calc",
    ),
    _change(
        SHELL,
        "            self._begin_output(comm.message, quiet=False)\n\n    def _put_comm",
        "            pass\n\n    def _put_comm",
        "what_a_comms_handler_prints_is_its_messages",
    ),
    _change(
        SHELL,
        '        self.running = comm\n        self._status(comm.message, "busy")\n'
        "        if self._trouble() is not None:",
        '        self._status(comm.message, "busy")\n        if True:',
        "a_front_end_opens_a_comm",
    ),
    _change(
        SHELL,
        "if answer.code != METHOD_NOT_FOUND:\n                failure = failure_content",
        "if False:\n                failure = failure_content",
        "a_comms_handler_that_fails_shows_its_error_and_harms_nothing",
    ),
    # published
    _change(
        OUTPUT,
        'parent.child("stream", {"name": name, "text": text})',
        'parent.child("stream", {"name": "stdout", "text": text.replace("\\r", "\\n")})',
        "text_comes_with_the_name_of_its_stream",
        "any_text_comes_as_it_was_written",
        "all_front_ends_see_what_a_cell_of_one_writes",
    ),
    _change(
        OUTPUT,
        "        self._add(self._last, stream, text)\n\n    def finish_text",
        "        pass\n\n    def finish_text",
        "what_c_code_writes_to_descriptor_1_is_text_too",
        "what_child_processes_print_comes_before_idle",
        "text_and_displays_come_in_the_order_of_making",
    ),
    _change(
        OUTPUT,
        "elif self._timer is None:",
        "elif False:",
        "text_comes_as_soon_as_it_is_written_not_when_the_cell_ends",
    ),
    _change(
        SHELL,
        "self._finish_text()\n        if isinstance(answer, Failure):",
        "if isinstance(answer, Failure):",
        "nothing_that_a_request_caused_comes_after_its_idle",
        "a_flood_of_text_is_whole_before_idle",
    ),
    _change(
        OUTPUT,
        "self._send(parent.child(msg_type,",
        'self._send(parent.child(msg_type.replace("update_", ""),',
        "an_update_names_its_display",
        "a_display_may_be_updated_by_a_later_cell",
    ),
    _change(
        CELL,
        'transient["display_id"] = display_id',
        'transient["id"] = display_id',
        "a_display_with_a_name_has_it_in_transient",
        "an_update_names_its_display",
    ),
    _change(
        CELL,
        '"clear_output", self._origin, {"wait": bool(wait)}',
        '"clear_output", self._origin, {"wait": not wait}',
        "output_is_cleared_at_once_or_later",
    ),
    _change(
        OUTPUT,
        "            parent, silent = target\n            self.flush()\n",
        "            parent, silent = target\n",
        "output_is_cleared_between_what_came_before_and_after",
    ),
    _change(
        DISPLAY,
        "return b2a_base64(content, newline=False).decode()",
        'return bytes(content).decode("latin-1")',
        "pictures_are_base64",
    ),
    _change(
        DISPLAY,
        "metadata[mimetype] = more",
        "metadata.update(more)",
        "metadata_may_be_that_of_one_mime_type",
        "json_may_be_shown_expanded",
    ),
    _change(
        DISPLAY,
        "    if isinstance(content, str) or is_json(mimetype):\n        return content\n",
        "    if is_json(mimetype):\n        return __import__('json').dumps(content)\n"
        "    if isinstance(content, str):\n        return content\n",
        "json_is_unpacked",
    ),
    _change(
        DISPLAY,
        "data[mimetype] = _content(mimetype, result)",
        'data[mimetype.replace("text/", "")] = _content(mimetype, result)',
        "keys_of_bundles_are_mime_types",
        "all_representations_come_in_one_message",
        "a_result_may_be_rich",
    ),
    _change(
        OUTPUT,
        'SHOWN = frozenset({"stream", "display_data",',
        'SHOWN = frozenset({"stream",',
        "all_front_ends_get_displays",
        "all_representations_come_in_one_message",
    ),
    _change(
        CONTENT,
        '{"execution_count": execution_count, "data": shown.data, "metadata": shown.metadata}',
        '{"execution_count": execution_count, "data": {}, "metadata": None, "source": "cell"}',
        "a_result_is_a_display_with_a_count",
        "a_result_has_a_plain_text",
        "bundles_have_metadata",
        "nothing_says_who_made_the_data",
    ),
    _change(
        "polykernel_python/evaluator.py",
        "    def execute(self",
        "    def execute(self",
        "a_cell_without_a_value_has_no_result",
    )
    if False
    else _change(
        SHELL,
        "if shown and not cell.quiet:",
        'shown = shown or {"execution_count": 0, "data": {}, "metadata": {}}\n'
        "        if shown and not cell.quiet:",
        "a_cell_without_a_value_has_no_result",
    ),
    # input
    _change(
        OUTLET,
        'content = {"prompt": prompt, "password": password}',
        'content = {"prompt": prompt.strip(), "password": False}',
        "the_front_end_is_shown_the_prompt",
        "a_password_is_asked_for_as_such",
    )
    if False
    else _change(
        OUTLET,
        'content = {"prompt": prompt, "password": password}',
        'content = {"prompt": prompt[1:], "password": not password}',
        "the_front_end_is_shown_the_prompt",
        "a_password_is_asked_for_as_such",
        "one_cell_may_ask_again_and_again",
    ),
    _change(
        STDIN,
        'self._supervisor.answer(self._outstanding, {"value": str(value)})',
        'self._supervisor.answer(self._outstanding, {"value": str(value).strip("x")})',
        "what_the_front_end_answers_is_what_input_gives",
    ),
    _change(
        STDIN,
        'request = cell.reply("input_request", content)',
        'request = cell.child("input_request", content)',
        "only_who_sent_the_cell_is_asked",
    ),
    _change(
        STDIN,
        'request = cell.reply("input_request", content)',
        'request = msgspec.structs.replace(cell.reply("input_request", content), parent_header=b"{}")',
        "a_request_for_input_has_the_cell_as_parent",
    ),
    _change(
        CELL,
        "if not self.allow_stdin:",
        "if False:",
        "asking_who_does_not_allow_it_fails_at_once",
    )
    if False
    else _change(
        STDIN,
        'self.refuse(number, NOT_ALLOWED, "the front end does not allow input")\n            return',
        "pass",
        "a_late_refusal",
    )
    if False
    else _change(
        SHELL,
        '"allow_stdin": request.allow_stdin,',
        '"allow_stdin": True,',
        "asking_who_does_not_allow_it_fails_at_once",
    ),
    _change(
        STDIN,
        'log.warning("an input reply that nobody asked for is dropped")\n            return',
        "return self._supervisor.kill()",
        "a_reply_that_nobody_waited_for_answers_no_later_request",
    ),
    _change(
        EXECUTION,
        "        self.output.finish_text()\n        content = bytes(line.params.content)",
        "        content = bytes(line.params.content)",
        "what_was_printed_before_a_question_is_shown_before_it",
    ),
)
