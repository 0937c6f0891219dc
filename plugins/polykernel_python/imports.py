"""Changing a module right after the user's code imports it, without importing it for that."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable, Sequence

    Hook = Callable[[ModuleType], None]

# what a hook raises where a file of the user's has that name, or the version is not known
_STRANGE = (AttributeError, ImportError, LookupError, TypeError, ValueError)


class _Loader:
    """Loads a module by its own loader, then calls the hook."""

    def __init__(self, name: str, loader: Any, hook: Hook) -> None:
        self._name = name
        self._loader = loader
        self._hook = hook

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: Any) -> Any:
        create = getattr(self._loader, "create_module", None)
        return create(spec) if create is not None else None

    def exec_module(self, module: ModuleType) -> None:
        # what reads sources or data asks the loader: give it back its own
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        _call(self._hook, self._name, module)


def _call(hook: Hook, name: str, module: ModuleType) -> None:
    """Call a hook; what it can't change stays as it is, and can be imported nevertheless."""
    try:
        hook(module)
    except _STRANGE as error:
        where = getattr(module, "__file__", None)
        reason = f"{type(error).__name__}: {error}"
        sys.stderr.write(f"polykernel: {name} ({where}) can't be fitted to notebooks: {reason}\n")


class PostImport:
    """A finder for ``sys.meta_path`` that calls a hook once the named module is imported."""

    def __init__(self) -> None:
        self._hooks: dict[str, Hook] = {}
        self._finding: set[str] = set()

    def install(self) -> None:
        """Become the first finder."""
        sys.meta_path.insert(0, self)

    def when(self, name: str, hook: Hook) -> None:
        """Call the hook with the module as soon as it is there, or now if it is."""
        module = sys.modules.get(name)
        if module is not None:
            _call(hook, name, module)
        else:
            self._hooks[name] = hook

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> Any:
        """Find the module as the other finders do, with the hook around its loader."""
        hook = self._hooks.get(name)
        if hook is None or name in self._finding:
            return None
        self._finding.add(name)
        try:
            spec = self._real_spec(name, path, target)
        finally:
            self._finding.discard(name)
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Loader(name, spec.loader, hook)
        return spec

    def _real_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None) -> Any:
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if finder is self or find is None:
                continue
            spec = find(name, path, target)
            if spec is not None:
                return spec
        return None
