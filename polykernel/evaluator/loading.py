"""From ``module.path:Class`` to an evaluator that can be asked, whatever goes wrong on the way."""

from __future__ import annotations

import sys

from polykernel.evaluator.base import Evaluator
from polykernel.evaluator.contract import refuse
from polykernel.evaluator.failure import CellError, headline
from polykernel.evaluator.naming import full_name
from polykernel.evaluator.reports import text_of, traceback_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from polykernel.evaluator.cell import Cell


class Broken(Evaluator):
    """Stands in for an evaluator that can't work: each cell says why.

    Args:
        plugin: The plugin's module, or what it is known by.
        what: What failed, as ``"its evaluator can't be loaded"``.
        error: Why.
    """

    def __init__(self, plugin: str, what: str, error: BaseException) -> None:
        plugin = full_name(plugin)
        evalue = f"{type(error).__name__}: {text_of(error)}"
        self._report = (
            f"the plugin {plugin}: {what}: {evalue}",
            [
                f"The plugin {plugin} is broken: {what}.",
                *traceback_lines(error),
                headline(type(error).__name__, text_of(error)),
                f"It was run by {sys.executable} (Python {sys.version.split()[0]}).",
            ],
        )

    def execute(self, code: str, cell: Cell) -> object:
        """Say what is wrong.

        Raises:
            CellError: Always.
        """
        evalue, traceback = self._report
        raise CellError(evalue, ename="PluginError", traceback=traceback)


def load(name: str, plugin: str) -> Evaluator:
    """Import an evaluator's class and make its one instance.

    Args:
        name: ``module.path:Class``.
        plugin: The plugin's module, or what it is known by, for errors.

    Returns:
        The evaluator, or one that says in each cell why there is none.
    """
    try:
        return _load(name)
    except KeyboardInterrupt as error:
        return Broken(plugin, f"loading its evaluator {name} was interrupted", error)
    except BaseException as error:
        return Broken(plugin, f"its evaluator {name} can't be loaded", error)


def _load(name: str) -> Evaluator:
    module_name, _, class_name = name.partition(":")
    __import__(module_name)
    module = sys.modules[module_name]
    try:
        made = getattr(module, class_name)
    except AttributeError:
        raise AttributeError(
            f"{module.__file__} has no {class_name}; it has {_evaluators(module)}"
        ) from None
    if not (isinstance(made, type) and issubclass(made, Evaluator)):
        raise TypeError(
            f"{class_name} in {module.__file__} must be a subclass of "
            f"polykernel.evaluator.Evaluator, not {made!r}"
        )
    refuse(made)
    return made()


def _evaluators(module: object) -> str:
    found: list[str] = [
        name
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Evaluator) and value is not Evaluator
    ]
    return ", ".join(found) or "no subclass of Evaluator"
