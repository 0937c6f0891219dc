"""What may stand at the cursor: names, attributes, modules, keywords, keys, arguments, files."""

from __future__ import annotations

import builtins
import keyword
from typing import Any, Mapping

from polykernel.evaluator import Completions
from polykernel_python import modules
from polykernel_python.guarding import attempt
from polykernel_python.members import kind, members
from polykernel_python.resolving import InstanceOf, Unknown, resolve
from polykernel_python.scanner import Scan, Token

# the kind of a name that the cell itself binds, by the keyword before it
_BINDING = {"def": "function", "class": "class", "import": "module", "as": "instance"}
_BINDING["for"] = "instance"
_FILES = 500  # offered of one folder


def complete(code: str, cursor: int, namespace: Mapping[str, Any]) -> Completions | None:
    """Complete the word before the cursor.

    Args:
        code: The cell.
        cursor: The cursor's place in it, in code points.
        namespace: The names that the cell would see.
    """
    return _Completer(code, max(0, min(cursor, len(code))), namespace).complete()


class _Completer:
    """Completes at one place. Reads, and changes nothing."""

    def __init__(self, code: str, cursor: int, namespace: Mapping[str, Any]) -> None:
        self._text = code[:cursor]
        self._rest = code[cursor:]
        self._code = code
        self._cursor = cursor
        self._namespace = namespace

    def complete(self) -> Completions | None:
        scan = Scan(self._text)
        if scan.comment:
            return None
        if scan.string is not None:
            return self._in_string(scan)
        return self._in_code(scan)

    def _in_code(self, scan: Scan) -> Completions | None:
        tokens = scan.tokens
        word = ""
        if tokens and tokens[-1].end == self._cursor:
            if tokens[-1].kind == "number":
                return None
            if tokens[-1].kind == "name":
                word = tokens[-1].text
        before = len(tokens) - (1 if word else 0)
        imported = self._in_import(scan, word)
        if imported is not None:
            return self._found(imported, word)
        if before and tokens[before - 1].text == ".":
            return self._attributes(scan, before - 1, word)
        found: dict[str, str] = {}
        if before and tokens[before - 1].text == "[" and not word:
            found.update(self._keys_unquoted(scan, before - 1))
        if before and tokens[before - 1].text in ("(", ","):
            found.update(self._arguments(scan))
        first = list(found)
        found.update((name, what) for name, what in self._names(scan).items() if name not in found)
        return self._found(found, word, first)

    def _attributes(self, scan: Scan, dot: int, word: str) -> Completions | None:
        value = self._resolved(scan, dot)
        if value is _NOTHING:
            return None
        return self._found(members(value.kind if type(value) is InstanceOf else value), word)

    def _names(self, scan: Scan) -> dict[str, str]:
        found = {name: kind(value) for name, value in list(vars(builtins).items())}
        found.update((name, kind(value)) for name, value in list(self._namespace.items()))
        for name, what in _bound(Scan(self._code).tokens, self._cursor).items():
            found.setdefault(name, what)
        found.update(dict.fromkeys(keyword.kwlist, "keyword"))
        if not scan.brackets:
            soft = ("match", "case", "type") if hasattr(keyword, "softkwlist") else ()
            for name in soft:
                found.setdefault(name, "keyword")
        return found

    def _arguments(self, scan: Scan) -> dict[str, str]:
        """Give the keyword arguments of the call that the cursor is in."""
        if not scan.brackets or scan.tokens[scan.brackets[-1]].text != "(":
            return {}
        opening = scan.brackets[-1]
        function = self._resolved(scan, opening)
        if function is _NOTHING or type(function) is InstanceOf:
            return {}
        import inspect

        none: list[inspect.Parameter] = []
        parameters = attempt(lambda: list(inspect.signature(function).parameters.values()), none)
        given = {
            token.text
            for token, after in zip(scan.tokens[opening:], scan.tokens[opening + 1 :])
            if after.text == "="
        }
        return {
            f"{parameter.name}=": "param"
            for parameter in parameters
            if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
            and parameter.name not in given
        }

    def _in_import(self, scan: Scan, word: str) -> dict[str, str] | None:
        """Say what an import statement may name; ``None`` outside of one."""
        statement = [token.text for token in scan.statement()]
        if word:
            statement = statement[:-1]
        if not statement or statement[0] not in ("import", "from"):
            return None
        if statement[0] == "import":
            words = statement[max(_last(statement, ","), 0) + 1 :]
            return self._modules(words)
        if "import" not in statement:
            return self._modules(statement[1:], behind={"import": "keyword"})
        module = "".join(statement[1 : statement.index("import")])
        if statement[-1] not in ("import", ",", "(") or module.startswith("."):
            return {"as": "keyword"} if statement[-1].isidentifier() else {}
        return modules.contents(module)

    def _modules(self, words: list[str], behind: Mapping[str, str] | None = None) -> dict[str, str]:
        if not words:
            return dict.fromkeys(modules.top_level(), "module")
        if words[-1] == "." and "as" not in words:
            return dict.fromkeys(modules.submodules("".join(words[:-1])), "module")
        return dict(behind or {"as": "keyword"})

    def _in_string(self, scan: Scan) -> Completions | None:
        assert scan.string is not None
        body = self._text[scan.string.body :]
        if set(scan.string.prefix) & set("fFtT"):
            inner = _open_brace(body)
            if inner is not None:
                start = scan.string.body + inner
                part = _Completer(self._text[start:], len(self._text) - start, self._namespace)
                found = part.complete()
                if found is None:
                    return None
                return Completions(
                    found.matches, found.start + start, found.end + start, found.types
                )
        if scan.brackets and scan.brackets[-1] == len(scan.tokens) - 1:
            opening = scan.tokens[-1]
            if opening.text == "[":
                keys = self._keys_quoted(scan, body, scan.string.quote)
                if keys:
                    return self._found(keys, body)
        return self._files(scan, body)

    def _keys(self, scan: Scan, opening: int) -> list[Any]:
        value = self._resolved(scan, opening)
        if value is _NOTHING or type(value) is InstanceOf:
            return []
        return attempt(lambda: _keys_of(value), [])

    def _keys_quoted(self, scan: Scan, body: str, quote: str) -> dict[str, str]:
        closing = "" if self._rest.startswith(quote) else quote
        if closing and not self._rest.startswith("]"):
            closing += "]"
        return {
            key + closing: "dict key"
            for key in self._keys(scan, len(scan.tokens) - 1)
            if isinstance(key, str) and quote not in key and key.isprintable() and "\\" not in key
        }

    def _keys_unquoted(self, scan: Scan, opening: int) -> dict[str, str]:
        closing = "" if self._rest.startswith("]") else "]"
        return {
            repr(key) + closing: "dict key"
            for key in self._keys(scan, opening)
            if type(key) in (str, int, float, bool, bytes)
        }

    def _files(self, scan: Scan, body: str) -> Completions | None:
        import os.path

        before = scan.tokens[-1].text if scan.tokens else ""
        if "\n" in body or ("/" not in body and before not in ("(", ",", "=", "[")):
            return None
        folder, slash, word = body.rpartition("/")
        found: dict[str, str] = {}
        try:
            with os.scandir(os.path.expanduser(folder + slash) or ".") as entries:  # noqa: PTH111
                for entry in entries:
                    if entry.name.startswith(word) and len(found) < _FILES:
                        found[entry.name + ("/" if entry.is_dir() else "")] = "path"
        except (OSError, ValueError):
            return None
        if not word:
            found = {name: what for name, what in found.items() if not name.startswith(".")}
        matches = sorted(found)
        if not matches:
            return None
        return Completions(matches, self._cursor - len(word), self._cursor, ["path"] * len(matches))

    def _resolved(self, scan: Scan, end: int) -> Any:
        start = scan.primary(end)
        if start is None:
            return _NOTHING
        expression = self._text[scan.tokens[start].start : scan.tokens[end - 1].end]
        try:
            return resolve(expression, self._namespace)
        except Unknown:
            return _NOTHING

    def _found(
        self, found: Mapping[str, str], word: str, first: list[str] | None = None
    ) -> Completions | None:
        matches = _matching(found, word, set(first or ()))
        if not matches:
            return None
        start = self._cursor - len(word)
        return Completions(matches, start, self._cursor, [found[match] for match in matches])


class _Nothing:
    """No object, not even ``None``."""


_NOTHING = _Nothing()


def _keys_of(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(dict.keys(value))
    offer = getattr(type(value), "_ipython_key_completions_", None)
    if callable(offer):
        return list(offer(value))
    names = getattr(getattr(value, "dtype", None), "names", None)
    return list(names) if isinstance(names, tuple) else []


def _matching(found: Mapping[str, str], word: str, first: set[str]) -> list[str]:
    """Choose and sort: what stands in ``first``, then public names, then private ones."""
    matches = [name for name in found if name.startswith(word)]
    if not matches:
        small = word.lower()
        matches = [name for name in found if name.lower().startswith(small)]
    if not word.startswith("_"):
        matches = [name for name in matches if not name.startswith("_")] or matches
    return sorted(matches, key=lambda name: (name not in first, name.startswith("_"), name))


def _last(words: list[str], word: str) -> int:
    return max((place for place, text in enumerate(words) if text == word), default=-1)


def _open_brace(body: str) -> int | None:
    """Where the replacement field begins that the text of an f-string ends in."""
    open_at: list[int] = []
    place = 0
    while place < len(body):
        if body.startswith("{{", place) and not open_at:
            place += 2
            continue
        if body[place] == "{":
            open_at.append(place + 1)
        elif body[place] == "}" and open_at:
            open_at.pop()
        place += 1
    return open_at[-1] if open_at else None


def _bound(tokens: list[Token], cursor: int) -> dict[str, str]:
    """Give the names that the cell's own text binds, by a look at its tokens."""
    found: dict[str, str] = {}
    depth = 0
    defining = False
    for place, token in enumerate(tokens):
        before = tokens[place - 1].text if place else "\n"
        after = tokens[place + 1].text if place + 1 < len(tokens) else "\n"
        if token.text in ("(", "[", "{"):
            depth += 1
        elif token.text in (")", "]", "}"):
            depth = max(0, depth - 1)
            defining = defining and depth > 0
        if token.kind != "name" or keyword.iskeyword(token.text) or token.end == cursor:
            defining = defining or token.text == "def"
            continue
        parameter = defining and depth == 1 and before in ("(", ",", "*", "**")
        assigned = after == ":=" or (depth == 0 and before != "." and after in ("=", ",", "in"))
        if before in _BINDING:
            found[token.text] = _BINDING[before]
        elif parameter or assigned:
            found[token.text] = "instance"
    return found
