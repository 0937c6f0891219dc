"""``display()`` and its kin, as notebooks know them from IPython.

Cells have :func:`display` as a builtin. All else is imported from here, or from ``IPython.display``
where IPython is installed: see :mod:`polykernel_python.ipython_compat`.
"""

from __future__ import annotations

import sys

from polykernel.evaluator import Bundle, current_cell, mimebundle
from polykernel_python import figures
from polykernel_python.text import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable

_PLAIN = (str, int, float, bool, complex, bytes, list, tuple, dict, set, frozenset, type(None))


class DisplayHandle:
    """A display that can be changed later.

    Args:
        display_id: Its id; a random one where it is left out.
    """

    def __init__(self, display_id: str | None = None) -> None:
        if display_id is None:
            import uuid

            display_id = uuid.uuid4().hex
        self.display_id = display_id

    def __repr__(self) -> str:
        return f"<DisplayHandle display_id={self.display_id}>"

    def display(self, obj: object, **kwargs: Any) -> None:
        """Show an object in a new place, under the handle's id."""
        display(obj, display_id=self.display_id, **kwargs)

    def update(self, obj: object, **kwargs: Any) -> None:
        """Show an object wherever the handle's id was shown."""
        update_display(obj, display_id=self.display_id, **kwargs)


def bundle_of(value: Any) -> Bundle | None:
    """Show an object in all forms that it offers.

    Returns:
        The forms; ``None`` where the object has shown itself (``_ipython_display_``).

    Raises:
        BaseException: Whatever the methods of a user's class raise.
    """
    if type(value) in _PLAIN:  # the usual case: no method to look for
        return Bundle({"text/plain": text_of(value)})
    if isinstance(value, Bundle):
        return value
    if not isinstance(value, type):
        show = getattr(type(value), "_ipython_display_", None)
        if callable(show):
            try:
                show(value)
            except NotImplementedError:  # the protocol's way to say "not this time"
                pass
            else:
                return None
    figure = figures.bundle_of(value)
    if figure is not None:
        return figure
    if isinstance(value, str):
        return Bundle({"text/plain": repr(value)})
    data, metadata = mimebundle(value)
    return Bundle(data, metadata)


def display(
    *objs: object,
    include: Iterable[str] | None = None,
    exclude: Iterable[str] | None = None,
    metadata: dict[str, Any] | None = None,
    transient: dict[str, Any] | None = None,
    display_id: str | bool | None = None,
    raw: bool = False,
    clear: bool = False,
    update: bool = False,
) -> DisplayHandle | None:
    """Show objects in the cell's output, in the richest form that the front end can show.

    Args:
        objs: What to show.
        include: Only these mimetypes.
        exclude: Not these mimetypes.
        metadata: For the front end; by mimetype, where it is about one.
        transient: For the front end, not to be saved.
        display_id: A name for the display, by which it can be updated; ``True`` makes one.
        raw: The objects are dictionaries of mimetypes already.
        clear: Clear the cell's output first.
        update: Change the displays of that name instead of making one.

    Returns:
        A handle to update the display with, where ``display_id`` was given.
    """
    handle: DisplayHandle | None = None
    if display_id is not None and display_id is not False:
        handle = DisplayHandle(display_id if isinstance(display_id, str) else None)
    elif update:
        raise TypeError("display_id is required to update a display")
    if transient and "display_id" in transient and handle is None:
        handle = DisplayHandle(transient["display_id"])
    if clear:
        clear_output(wait=True)
    for obj in objs:
        bundle = _raw(obj) if raw else bundle_of(obj)
        if bundle is not None:
            _choose(bundle, include, exclude)
            bundle.metadata = {**bundle.metadata, **(metadata or {})}
            _publish(bundle, transient, handle.display_id if handle else None, update)
    return handle


def update_display(obj: object, *, display_id: str, **kwargs: Any) -> None:
    """Show an object wherever ``display_id`` was shown."""
    display(obj, display_id=display_id, update=True, **kwargs)


def publish_display_data(
    data: dict[str, Any],
    metadata: dict[str, Any] | None = None,
    source: object = None,  # given up by IPython, still passed by callers
    *,
    transient: dict[str, Any] | None = None,
    **kwargs: Any,
) -> None:
    """Show a MIME bundle.

    Args:
        data: Mimetype to content.
        metadata: For the front end.
        source: Not used.
        transient: For the front end, not to be saved; ``display_id`` stands here.
        kwargs: ``update``; others are for IPython's publishers and mean nothing here.
    """
    display_id = (transient or {}).get("display_id")
    bundle = Bundle(dict(data), dict(metadata or {}))
    _publish(bundle, transient, display_id, bool(kwargs.get("update")))


def clear_output(wait: bool = False) -> None:
    """Clear the cell's output.

    Args:
        wait: Only when the next output comes, so that it does not flicker.
    """
    cell = current_cell()
    if cell is not None:
        cell.clear_output(wait)


def _raw(value: Any) -> Bundle:
    return value if isinstance(value, Bundle) else Bundle(dict(value))


def _choose(bundle: Bundle, include: Iterable[str] | None, exclude: Iterable[str] | None) -> None:
    if include is not None:
        wanted = set(include)
        bundle.data = {key: value for key, value in bundle.data.items() if key in wanted}
    if exclude is not None:
        unwanted = set(exclude)
        bundle.data = {key: value for key, value in bundle.data.items() if key not in unwanted}


def _publish(
    bundle: Bundle,
    transient: dict[str, Any] | None,
    display_id: str | None,
    update: bool,
) -> None:
    cell = current_cell()
    if cell is None:  # a forked child, say: its text still has a way to the notebook
        sys.stdout.write(str(bundle.data.get("text/plain", "")) + "\n")
        return
    cell.display(
        bundle,
        display_id=display_id,
        update=update,
        metadata=None,
        transient=transient,
    )
